"""Port for the detection of a text's language."""

from typing import Protocol


class LanguageDetector(Protocol):
    """Detector of the language of short texts, for posts whose source does not name it."""

    def detect(self, text: str) -> str | None:
        """Return the language of the text as a BCP 47 code, or None if it cannot be told.

        May be called by several threads at a time. Raises RetryableError where what it knows of
        languages cannot be loaded now, and nothing else.
        """
        ...
