"""Typing errors for training texts, so that the model learns to read through them."""

import random
import re

_WORD = re.compile(r"(?:https?:|www\.)\S*|&\w+;|\[[A-Z]+\]|([A-Za-z]{5,})")
"""A word, or a unit of `normalise`: a link, an HTML reference, a placeholder."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in _KEYS
    for at, letter in enumerate(row)
}


def misspell(text: str, chance: random.Random) -> str:
    """Return `text` with one letter wrong in about every fourth word of five letters or more.

    Two letters are swapped, or one dropped, doubled or replaced by its neighbour on the keyboard;
    a word's first letter stays. Links and whatever else `normalise` replaces are not changed.
    """
    return _WORD.sub(lambda found: _slip(found[0], chance) if found[1] else found[0], text)


def _slip(word: str, chance: random.Random) -> str:
    if chance.random() > 0.25:
        return word
    at = chance.randrange(1, len(word) - 1)
    head, letter, tail = word[:at], word[at], word[at + 1 :]
    kind = chance.randrange(4)
    if kind == 0:
        return head + tail[0] + letter + tail[1:]
    if kind == 1:
        return head + tail
    if kind == 2:
        return head + letter * 2 + tail
    return head + chance.choice(_NEXT[letter.lower()]) + tail
