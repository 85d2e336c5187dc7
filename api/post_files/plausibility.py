"""Weigh whether the letters and marks of a text stand where a writer would put them.

The wrong one of two single-byte encodings shows capitals inside words (cafÈ), signs of
mathematics in prose (caf√©) and marks on the wrong side of a word. Weights are small whole
numbers chosen by hand: only their order matters, and tests hold it for six languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_COMMON = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÍÎÏÑÓÔÕÖØÚÛÜ")
_OPENING = frozenset("“‘«„‚‹¿¡")
_CLOSING = frozenset("”’»›…")
_BETWEEN = frozenset("–—•·")
_WITH_NUMBERS = frozenset("€£¥¢°²³½¼¾±×")
_TRADE = frozenset("©®™")
_FIXED_SPACE = "\xa0"
# Letters that words of the languages meant end in; the others stand inside words.
_ENDING = frozenset("éèàùòìöäåøüáíóúã")


def plausibility(texts: Iterable[str]) -> int:
    """Return the sum of the weights of all characters beyond ASCII, each with its neighbours."""
    total = 0
    for text in texts:
        for at, character in enumerate(text):
            if not character.isascii():
                total += _weight(character, text[max(at - 1, 0) : at], text[at + 1 : at + 2])
    return total


def _weight(character: str, before: str, after: str) -> int:
    """Weigh one character; before and after are its neighbours, "" at an end of the sample."""
    if character.isalpha() and character in _COMMON:
        return _letter_weight(character, before, after)
    if character == "’" and before.isalpha() and after.isalpha():
        return _apostrophe_weight(after)
    if character in _OPENING:
        return 2 if after.isalnum() and not before.isalnum() else -1
    if character in _CLOSING:
        return 2 if before and not before.isspace() and not after.isalnum() else -1
    if character in _BETWEEN:
        return 2 if before.isalpha() and after.isalpha() else 1
    if character in _WITH_NUMBERS:
        return 1 if before.isdigit() or after.isdigit() else -1
    if character in _TRADE:
        return 2 if before.isalnum() and not after.isalnum() else 0
    if character == _FIXED_SPACE:
        return 0
    # Left are signs, bare accents, letters of neither's languages, and bytes without meaning.
    return -4 if unicodedata.category(character) in ("Cc", "So", "Sm", "Sk", "Lm") else -2


def _letter_weight(character: str, before: str, after: str) -> int:
    """Weigh an accented letter: small ones belong in words, capitals at the head of one."""
    if character.islower():
        if after.isupper():
            return -3
        if before.isalpha() and not after.isalpha():
            return 3 if character in _ENDING else 1
        return 3 if after.isalpha() else 1
    if before.islower():
        return -3
    if after.islower():
        return 3
    return 2 if before.isupper() or after.isupper() else -1


def _apostrophe_weight(after: str) -> int:
    """Weigh ’ inside a word by what follows: it’s, don’t, we’re, then l’ before a vowel."""
    if after in "stmrlvdSTMRLVD":
        return 4
    return 3 if after in "aeiouyhàâéèêîôû" else 1
