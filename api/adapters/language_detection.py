"""Detection of the language of posts with py3langid, a naive Bayes model of 139 languages.

Its answer on a few words is a guess, and an English post taken for another language would be lost
to the mood, so evidence is asked for: see the constants. DECISIONS has the figures.
"""

import logging
import re
import unicodedata
from functools import cached_property
from operator import itemgetter
from threading import Lock
from typing import Any

from api.domain.posts import READ_LANGUAGE
from api.errors import RetryableError

_log = logging.getLogger(__name__)

# Chosen on half of a set of short posts and judged on the other half.
_LEAST_LETTERS = 12
_LEAST_PROBABILITY = 0.3
_MOST_READ_PROBABILITY = 0.02

_READ_CHARACTERS = 240
"""What follows adds time, and little evidence."""

_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|[@#＠＃]\w+|&\w+;")

# The first range has the letters of nearly all languages, the second those of Vietnamese.
_NOT_LATIN = re.compile(r"[^a-zª-ɏḀ-ỿ'’-]+")

_NOT_ASKED_FOR = {"pcm", "zxx"}
"""Nigerian Pidgin, for which it takes English slang, and "no language": English takes their part.

Without them the probabilities of the others sum to 1.
"""


class Py3langidDetector:
    """LanguageDetector that loads its model, some 100 MB in memory, for the first text."""

    def __init__(self) -> None:
        self._lock = Lock()

    def detect(self, text: str) -> str | None:
        """Return the language of the text, read without links, mentions, hashtags and signs.

        Returns None for fewer than 12 letters of the Latin script, and where English is possible.
        Of a text in two scripts only the words in the script of most letters are read, and a
        script that English is not written in is evidence by itself.

        Raises RetryableError where the model cannot be loaded: its library unpacks it in TMPDIR.
        """
        plain = unicodedata.normalize("NFC", _NO_WORDS.sub(" ", text[:_READ_CHARACTERS])).lower()
        latin, others = _scripts(plain)
        letters = _letters(latin)
        by_script = _letters(others) > letters
        if letters < _LEAST_LETTERS and not by_script:
            return None
        with self._lock:
            model = self._model
        words = others if by_script else latin
        language: str = model.classify(words)[0]
        if language == READ_LANGUAGE and not by_script:
            return language
        probabilities = dict(model.rank(words))
        read_probability = probabilities.pop(READ_LANGUAGE)
        language, probability = max(probabilities.items(), key=itemgetter(1))
        sure = probability >= _LEAST_PROBABILITY and read_probability < _MOST_READ_PROBABILITY
        return language if sure or by_script else None

    @cached_property
    def _model(self) -> Any:
        # Not at the top: NumPy and the model are large, and only runs of analyses need them.
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        try:
            model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        except OSError as exc:
            _log.error("the model of languages cannot be unpacked in TMPDIR: %s", exc.strerror)
            raise RetryableError("The service has no room for temporary files.") from exc
        model.set_languages(set(model.labels) - _NOT_ASKED_FOR)
        return model


def _scripts(text: str) -> tuple[str, str]:
    """Return the words of the Latin script, and those of all others, without signs and digits."""
    latin = " ".join(_NOT_LATIN.sub(" ", text).split())
    if text.isascii():
        return latin, ""
    others = (each if _is_of_another_script(each) else " " for each in text)
    return latin, " ".join("".join(others).split())


def _is_of_another_script(character: str) -> bool:
    if not _NOT_LATIN.match(character):
        return False
    return character.isalpha() or unicodedata.category(character)[0] == "M"


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
