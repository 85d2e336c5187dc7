"""Fake detector of languages."""

from api.errors import RetryableError


class FakeLanguageDetector:
    """LanguageDetector that knows the language of the texts it is given, and records its calls.

    Of its calls so many as `failures` says fail first.
    """

    def __init__(self) -> None:
        self.languages: dict[str, str] = {}
        self.texts: list[str] = []
        self.failures = 0

    def detect(self, text: str) -> str | None:
        if self.failures:
            self.failures -= 1
            raise RetryableError("no room")
        self.texts.append(text)
        return self.languages.get(text)
