"""Read the items of a JSON array, however long, holding one item at a time.

Each item is decoded by itself with the standard library: an event parser such as ijson, given
100 kB of "[", builds as many nested paths as there are brackets and takes the machine's memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_ITEM_CHARACTERS = 1024 * 1024
"""Longest item taken, in characters: some forty times the longest post."""

_MAX_DIGITS = 40
_BLANK = re.compile(r"[ \t\r\n]*")
_AFTER_ARRAY = re.compile(r"[\s;]*")


class NotAnArrayError(ValueError):
    """Say where text stops being a JSON array, in words for the person who sent it."""


def decode(text: str) -> Any:
    """Return the JSON value that a text is. Raises ValueError, also where it nests too deeply."""
    try:
        return _DECODER.decode(text)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def array_items(texts: Iterable[str]) -> Iterator[Any]:
    """Yield the items of the array that the pieces of text make up, from its "[" to its "]".

    Raises NotAnArrayError where the text is none, breaks off, or has an item longer than
    MAX_ITEM_CHARACTERS; the items before that were yielded.
    """
    pieces = iter(texts)
    held = _Held(pieces)
    held.skip_blank()
    if held.peek() != "[":
        raise NotAnArrayError("no list starts here")
    held.advance(1)
    held.skip_blank()
    if held.peek() == "]":
        held.advance(1)
    else:
        yield from _items(held)
    held.expect_nothing_more()


def _items(held: _Held) -> Iterator[Any]:
    """Yield the items up to and over the closing bracket."""
    number = 0
    while True:
        number += 1
        yield held.take_value(number)
        held.skip_blank()
        mark = held.peek()
        if mark not in (",", "]"):
            raise NotAnArrayError(_after(number, mark))
        held.advance(1)
        if mark == "]":
            return


def _after(number: int, mark: str) -> str:
    if not mark:
        return f"the file breaks off after item {number}: its list is never closed"
    return f"after item {number} a comma or the end of the list is missing"


class _Held:
    """Hold the part of a text that is being read, and fetch more as it is needed."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """Return the next character, or "" at the end."""
        while self._at == len(self._text) and self._fetch(1):
            pass
        return self._text[self._at : self._at + 1]

    def advance(self, characters: int) -> None:
        self._at += characters

    def skip_blank(self) -> None:
        while True:
            self._skip(_BLANK)
            if self._at < len(self._text) or not self._fetch(1):
                return

    def take_value(self, number: int) -> Any:
        """Return the value that starts here and step over it; number counts it for messages."""
        self.skip_blank()
        while True:
            more = max(len(self._text) - self._at, 1)
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as exc:
                raise NotAnArrayError(f"item {number} is nested too deeply") from exc
            except json.JSONDecodeError as exc:
                if len(self._text) - self._at > MAX_ITEM_CHARACTERS:
                    raise NotAnArrayError(
                        f"item {number} is damaged, or longer than {MAX_ITEM_CHARACTERS:,}"
                        " characters"
                    ) from exc
                if not self._fetch(more):
                    raise NotAnArrayError(
                        f"the file breaks off or is damaged in item {number}"
                    ) from exc
                continue
            # A number that ends with the text held may go on in the next piece.
            if end < len(self._text) or not self._fetch(1):
                self._at = end
                return value

    def expect_nothing_more(self) -> None:
        """Raise NotAnArrayError unless only blanks are left, and the ";" of a script."""
        while True:
            self._skip(_AFTER_ARRAY)
            if self._at < len(self._text):
                raise NotAnArrayError("something follows after the end of the list")
            if not self._fetch(1):
                return

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _fetch(self, characters: int) -> bool:
        """Hold at least so many more characters; return False where the text has ended.

        Asking for as many as are held keeps the work of decoding a long item anew linear.
        """
        fetched: list[str] = []
        wanted = characters
        while wanted > 0 and (piece := next(self._pieces, None)) is not None:
            fetched.append(piece)
            wanted -= len(piece)
        if not fetched:
            return False
        self._text = self._text[self._at :] + "".join(fetched)
        self._at = 0
        return True


def fields_of(item: Any) -> Mapping[str, object] | None:
    """Return the fields of a post's object, out of the archive's wrapper `{"tweet": {...}}`.

    Returns None where the item is no object.
    """
    if not isinstance(item, dict):
        return None
    inner = item.get("tweet")
    return inner if isinstance(inner, dict) else item


def _integer(digits: str) -> int | float:
    """Read an integer; one of more digits than anything counts is infinite, not an error."""
    if len(digits) <= _MAX_DIGITS:
        return int(digits)
    return float("-inf") if digits.startswith("-") else float("inf")


_DECODER = json.JSONDecoder(parse_int=_integer)
