"""Read posts out of JSON: one object per line, or the items of an array of any length.

Each item is decoded by itself with the standard library, so that one item is in memory at a time:
an event parser such as ijson, given 100 kB of "[", builds as many nested paths as there are
brackets and takes the machine's memory.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from api.domain.posts import Post, RejectedPost
from api.errors import UnreadableFileError
from api.intake.post_fields import PostIntake
from api.ports.clock import Clock
from api.post_files.encodings import chunks_of, encoding_of, lines_of

MAX_ITEM_CHARACTERS = 1024 * 1024
"""Longest item taken, in characters: some forty times the longest post."""

_MAX_DIGITS = 40
_BLANK = re.compile(r"[ \t\r\n]*")
_AFTER_ARRAY = re.compile(r"[\s;]*")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JsonLinesReader:
    """Reader of one JSON object per line, with field names that PostIntake knows.

    A line that is no such object is rejected and the next one read. Lines are counted from 1 as
    an editor shows them; blank ones are passed over. The text may be in any encoding that
    CsvReader takes, though JSON is UTF-8 by its standard (RFC 8259).
    """

    clock: Clock
    format: ClassVar[str] = "jsonl"

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file; see PostFileReader.

        UnreadableFileError comes last, where not one line of the file was a JSON object.
        """
        encoding = encoding_of(chunks_of(file))
        _log.info("reading JSON lines as %s", encoding)
        intake = PostIntake(self.clock())
        filled = objects = 0
        lines = lines_of(chunks_of(file), encoding, MAX_ITEM_CHARACTERS)
        for number, line in enumerate(lines, start=1):
            if line is not None and not line.strip():
                continue
            filled += 1
            try:
                fields = _fields_in_line(line)
            except ValueError as exc:
                yield RejectedPost(f"line {number}", str(exc))
                continue
            objects += 1
            yield intake.take(fields, f"line {number}")
        if not filled:
            raise UnreadableFileError("The file is empty: no line in it holds anything.")
        if not objects:
            raise UnreadableFileError(
                "No line of the file is a JSON object. JSON lines hold one post per line, for"
                ' example {"text": "...", "created_at": "2024-05-31T18:20:00Z"}.'
            )


def _fields_in_line(line: str | None) -> Mapping[str, object]:
    if line is None:
        raise ValueError(f"the line is longer than {MAX_ITEM_CHARACTERS:,} characters")
    try:
        item = _DECODER.decode(line.strip())
    except (ValueError, RecursionError) as exc:
        raise ValueError("the line is not JSON: it breaks off or is damaged") from exc
    fields = fields_of(item)
    if fields is None:
        raise ValueError("the line is JSON, but not an object with a post's fields")
    return fields


def fields_of(item: Any) -> Mapping[str, object] | None:
    """Return the fields of a post's object, without the X archive's wrapper `{"tweet": {...}}`.

    Returns None where the item is not an object.
    """
    if not isinstance(item, dict):
        return None
    inner = item.get("tweet")
    return inner if isinstance(inner, dict) else item


class NotAnArrayError(ValueError):
    """Text that is not a whole JSON array; the message says where it stops being one."""


def array_items(texts: Iterable[str]) -> Iterator[Any]:
    """Yield the items of the array that the pieces of text make up, from its "[" to its "]".

    Raises NotAnArrayError where the text is none, breaks off, or has an item longer than
    MAX_ITEM_CHARACTERS; the items before that were yielded.
    """
    text = _Window(iter(texts))
    if text.next_character() != "[":
        raise NotAnArrayError("no list starts here")
    text.advance()
    if text.next_character() == "]":
        text.advance()
    else:
        yield from _items(text)
    text.expect_nothing_more()


def _items(text: _Window) -> Iterator[Any]:
    """Yield the items up to and over the closing bracket."""
    number = 0
    while True:
        number += 1
        yield text.take_value(number)
        mark = text.next_character()
        if not mark:
            raise NotAnArrayError(
                f"the file breaks off after item {number}: its list is never closed"
            )
        if mark not in ",]":
            raise NotAnArrayError(f"after item {number} a comma or the end of the list is missing")
        text.advance()
        if mark == "]":
            return


class _Window:
    """The part of a long text that is being decoded; fetches more as it is needed."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._at = 0

    def next_character(self) -> str:
        """Step over blanks and return the character that follows, or "" at the end."""
        self._skip(_BLANK)
        return self._text[self._at : self._at + 1]

    def advance(self) -> None:
        self._at += 1

    def take_value(self, number: int) -> Any:
        """Return the value that starts here and step over it; number counts it for messages."""
        self._skip(_BLANK)
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
            # A number that ends with the window may go on in the next piece.
            if end < len(self._text) or not self._fetch(1):
                self._at = end
                return value

    def expect_nothing_more(self) -> None:
        """Raise NotAnArrayError unless only blanks are left, and the ";" of a script."""
        self._skip(_AFTER_ARRAY)
        if self._at < len(self._text):
            raise NotAnArrayError("something follows after the end of the list")

    def _skip(self, pattern: re.Pattern[str]) -> None:
        while True:
            match = pattern.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._fetch(1):
                return

    def _fetch(self, characters: int) -> bool:
        """Add at least so many more characters; return False where the text has ended.

        Asking for as many as there are keeps the work of decoding a long item anew linear.
        """
        fetched: list[str] = []
        while characters > 0 and (piece := next(self._pieces, None)) is not None:
            fetched.append(piece)
            characters -= len(piece)
        if not fetched:
            return False
        self._text = self._text[self._at :] + "".join(fetched)
        self._at = 0
        return True


def _integer(digits: str) -> int | float:
    """Read an integer; one of more digits than anything counts is infinite, not an error."""
    if len(digits) <= _MAX_DIGITS:
        return int(digits)
    return float("-inf") if digits.startswith("-") else float("inf")


_DECODER = json.JSONDecoder(parse_int=_integer)
