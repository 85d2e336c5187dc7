"""Fake detector of languages."""


class FakeLanguageDetector:
    """LanguageDetector that knows the language of the texts it is given, and records its calls."""

    def __init__(self) -> None:
        self.languages: dict[str, str] = {}
        self.texts: list[str] = []

    def detect(self, text: str) -> str | None:
        self.texts.append(text)
        return self.languages.get(text)
