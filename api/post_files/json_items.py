"""Read the items of a JSON file: lines, a list, or an object with lists in it, of any length.

Each item is decoded by itself with the standard library, so that one item is in memory at a time:
an event parser such as ijson, given 100 kB of "[", builds as many nested paths as there are
brackets and takes the machine's memory; nor does it read NaN.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from api.errors import UnreadableFileError
from api.post_files.encodings import line_batches

MAX_ITEM_CHARACTERS = 1024 * 1024
"""Longest item of a list, in characters: some forty times the longest post."""

MAX_LINE_CHARACTERS = 4 * 1024 * 1024
"""Longest line, in characters: a page of 500 posts with what belongs to them."""

IsRecord = Callable[[dict[str, Any]], bool]
"""Whether an object is an item itself, rather than one that has lists of items in it."""

_MAX_DIGITS = 40
_MAX_DEPTH = 3
# So many items of a list show whether it is one of posts.
_TRIED = 3
_BLANK = re.compile(r"[ \t\r\n]*")
_BETWEEN_VALUES = re.compile(r"[\s;,]*")
# How the first line of an object ends that goes on in the next line.
_GOES_ON = ("{", "[", ",", ":")


@dataclass(frozen=True, slots=True)
class JsonItem:
    """One item: where it is, for people; the keys that lead to its list, with "." between."""

    where: str
    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class DamagedItem:
    """An item that cannot be read, and why."""

    where: str
    reason: str


class NotJsonError(ValueError):
    """Text that is not whole JSON; the message says where it stops being that."""


def json_items(
    texts: Iterator[str], misreadings: int, is_record: IsRecord, is_post: IsRecord
) -> Iterator[JsonItem | DamagedItem]:
    """Yield the items of a JSON file, given its decoded text in pieces.

    is_record says whether an object is an item although it may have lists in it, is_post whether an
    object in it is worth yielding; where none is, the object around is yielded.

    One value per line is read by lines, where a damaged line is skipped; lines are counted from 1
    as an editor shows them. Anything else is read as values one after another.
    Raises UnreadableFileError where the text is no JSON, breaks off or is damaged.
    """
    head = ""
    for text in texts:
        head += text
        if len(head) > MAX_ITEM_CHARACTERS or "\n" in head.lstrip():
            break
    start = head.lstrip("\ufeff \t\r\n")
    first_line = start.partition("\n")[0]
    whole = chain([head.lstrip("\ufeff")], texts)
    if not start:
        raise UnreadableFileError("The file is empty: no line in it holds anything.")
    if (
        start[0] == "{"
        and len(first_line) <= MAX_ITEM_CHARACTERS
        and not first_line.rstrip().endswith(_GOES_ON)
    ):
        yield from _in_lines(whole, misreadings, is_record, is_post)
        return
    try:
        yield from _in_values(_Window(whole), is_record, is_post)
    except NotJsonError as exc:
        raise UnreadableFileError(
            f"The list of posts in the file cannot be read to its end: {exc}. Export the file anew,"
            " or send one that is whole."
        ) from exc


def _in_lines(
    texts: Iterator[str], misreadings: int, is_record: IsRecord, is_post: IsRecord
) -> Iterator[JsonItem | DamagedItem]:
    number = 0
    for lines in line_batches(texts, misreadings, MAX_LINE_CHARACTERS):
        for line in [None] if lines is None else lines:
            number += 1
            where = f"line {number}"
            if line is None:
                reason = f"the line is longer than {MAX_LINE_CHARACTERS:,} characters"
                yield DamagedItem(where, reason)
            elif not line.isspace():
                try:
                    value = _DECODER.decode(line.strip().rstrip(","))
                except (ValueError, RecursionError):
                    yield DamagedItem(where, "the line is not JSON: it breaks off or is damaged")
                else:
                    yield from _items_of(value, where, is_record, is_post)


def _items_of(value: Any, where: str, is_record: IsRecord, is_post: IsRecord) -> Iterator[JsonItem]:
    """Yield a value that is an item, or the items in it."""
    inner = (
        []
        if not isinstance(value, dict) or is_record(value)
        else list(_lists_in(value, "", is_record))
    )
    if not any(is_post(item) for _, items in inner for item in items[:_TRIED]):
        # Whoever reads the items says what is wrong with this one, rather than nothing.
        yield JsonItem(where, "", value)
    for path, items in inner:
        for number, item in enumerate(items, start=1):
            within = where if len(items) == 1 else f"item {number} of {where}"
            yield JsonItem(within, path, item)


def _lists_in(
    value: dict[str, Any], path: str, is_record: IsRecord, depth: int = 1
) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects in an object, and objects that may be items, with their keys."""
    for key, inner in value.items():
        inner_path = f"{path}.{key}" if path else key
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield inner_path, inner
        elif isinstance(inner, dict) and depth < _MAX_DEPTH:
            lists = (
                [] if is_record(inner) else list(_lists_in(inner, inner_path, is_record, depth + 1))
            )
            yield from lists or [(inner_path, [inner])]


def _in_values(window: "_Window", is_record: IsRecord, is_post: IsRecord) -> Iterator[JsonItem]:
    """Yield the items of values that stand one after another."""
    number = 0
    while mark := window.next_character():
        number += 1
        if mark == "[":
            yield from _in_list(window, "", is_record, is_post)
        elif mark == "{" and not window.holds_whole_value():
            yield from _in_object(window, "", is_record, is_post)
        else:
            value = window.take_value(number)
            where = f"item {number}"
            items = list(_items_of(value, where, is_record, is_post))
            if number == 1 and len(items) > 1:
                items = [JsonItem(_plain(item.where), item.path, item.value) for item in items]
            yield from items
        window.skip_between_values()


def _plain(where: str) -> str:
    return where.partition(" of ")[0]


def _in_list(
    window: "_Window", path: str, is_record: IsRecord, is_post: IsRecord
) -> Iterator[JsonItem]:
    """Yield the items of the list that starts here, and step over its closing bracket.

    Pages of items in the list are opened: objects with a list of which the first is an item.
    """
    for number, _ in enumerate(_members(window, "]"), start=1):
        where, value = f"item {number}", window.take_value(number)
        if path == "" and isinstance(value, dict) and _is_page(value, is_record):
            yield from _items_of(value, where, is_record, is_post)
        else:
            yield JsonItem(where, path, value)


def _is_page(value: dict[str, Any], is_record: IsRecord) -> bool:
    """Return whether an object is no item but has a list of items."""
    firsts = [inner[0] for inner in value.values() if isinstance(inner, list) and inner]
    lists = [first for first in firsts if isinstance(first, dict)]
    return bool(lists) and not is_record(value) and any(map(is_record, lists))


def _in_object(
    window: "_Window", path: str, is_record: IsRecord, is_post: IsRecord, depth: int = 1
) -> Iterator[JsonItem]:
    """Yield the items of the lists in the object that starts here, and step over its end."""
    for number, _ in enumerate(_members(window, "}"), start=1):
        key = str(window.take_value(number))
        if window.next_character() != ":":
            raise NotJsonError(f"after the key {key[:40]!r} a colon is missing")
        window.advance()
        inner_path = f"{path}.{key}" if path else key
        mark = window.next_character()
        if mark == "[" and depth <= _MAX_DEPTH:
            yield from _in_list(window, inner_path, is_record, is_post)
        elif mark == "{" and depth <= _MAX_DEPTH:
            yield from _in_object(window, inner_path, is_record, is_post, depth + 1)
        else:
            window.take_value(number)


def _members(window: "_Window", end: str) -> Iterator[None]:
    """Step through a list or object: yield where each member starts, and take what is between."""
    window.advance()
    if window.next_character() == end:
        window.advance()
        return
    number = 0
    while True:
        number += 1
        yield
        mark = window.next_character()
        if not mark:
            raise NotJsonError(f"the file breaks off after item {number}: its list is never closed")
        if mark not in (",", end):
            raise NotJsonError(f"after item {number} a comma or the end of the list is missing")
        window.advance()
        if mark == end:
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

    def holds_whole_value(self) -> bool:
        """Return whether the value that starts here is whole within MAX_ITEM_CHARACTERS."""
        missing = MAX_ITEM_CHARACTERS - (len(self._text) - self._at)
        if missing > 0:
            self._fetch(missing)
        try:
            _, end = _DECODER.raw_decode(self._text, self._at)
        except (json.JSONDecodeError, RecursionError):
            return False
        return end - self._at <= MAX_ITEM_CHARACTERS

    def take_value(self, number: int) -> Any:
        """Return the value that starts here and step over it; number counts it for messages."""
        self._skip(_BLANK)
        while True:
            more = max(len(self._text) - self._at, 1)
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as exc:
                raise NotJsonError(f"item {number} is nested too deeply") from exc
            except json.JSONDecodeError as exc:
                if len(self._text) - self._at > MAX_ITEM_CHARACTERS:
                    raise NotJsonError(
                        f"item {number} is damaged, or longer than {MAX_ITEM_CHARACTERS:,}"
                        " characters"
                    ) from exc
                if not self._fetch(more):
                    raise NotJsonError(
                        f"the file breaks off or is damaged in item {number}"
                    ) from exc
                continue
            # A number that ends with the window may go on in the next piece.
            if end < len(self._text) or not self._fetch(1):
                self._at = end
                return value

    def skip_between_values(self) -> None:
        """Step over blanks and the commas or semicolons that some tools put between values."""
        self._skip(_BETWEEN_VALUES)

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
