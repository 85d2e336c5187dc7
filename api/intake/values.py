"""Read single values of a post, whatever wrote them: text, counts, languages, hashtags, ids."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile

from api.domain.posts import MAX_POST_CHARACTERS

MAX_COUNT = 10_000_000_000
"""Largest count taken: more than there are people. A larger one is a fault of the source."""

MAX_HASHTAGS = 100
MAX_HASHTAG_CHARACTERS = 100
MAX_ID_CHARACTERS = 64

# The semicolon is asked for: without it "?a=1&copy=2" would lose a parameter to a sign.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_COUNT = re.compile(r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.0+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_ID = re.compile(r"[^\s\x00-\x1f\x7f]+")
# What a spreadsheet makes of a long number: its last digits are gone, so it names no post.
_ROUNDED_NUMBER = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_STATUS_URL = re.compile(r"/status(?:es)?/([0-9]{1,25})")
_HASH_SIGNS = "#＃"
_HASH_SIGN = re.compile(f"[{_HASH_SIGNS}]")
_JOINERS = "_\u200c\u200d"


class UnreadableValueError(ValueError):
    """Say why a value cannot be used, in words for the person who sent it."""


def clean(text: str) -> str:
    """Return the text without what no store can keep: NULs go, a lone surrogate becomes U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def post_text_of(value: object) -> str:
    """Return the text of a post, with HTML entities as the characters they stand for.

    Raises UnreadableValueError where it is no text, empty, or over MAX_POST_CHARACTERS after that:
    a text is never cut.
    """
    if not isinstance(value, str):
        raise UnreadableValueError("is not text")
    text = clean(_ENTITY.sub(lambda entity: html.unescape(entity[0]), clean(value)))
    if not text.strip():
        raise UnreadableValueError("is empty")
    if len(text) > MAX_POST_CHARACTERS:
        raise UnreadableValueError(
            f"has {len(text):,} characters, more than the {MAX_POST_CHARACTERS:,} of a post"
        )
    return text


def count_of(value: object) -> int:
    """Return a count; an empty or missing one is 0. Strings of digits are read as numbers.

    Raises UnreadableValueError where it is negative, over MAX_COUNT or no whole number.
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return 0
    number = _number_of(value)
    if number is None:
        raise UnreadableValueError("is not a count: give a whole number, 0 or more")
    if number < 0:
        raise UnreadableValueError("is negative: a count is 0 or more")
    if number > MAX_COUNT:
        raise UnreadableValueError(f"is larger than {MAX_COUNT:,}, which no post reaches")
    return number


def _number_of(value: object) -> int | None:
    """Return the whole number that a value is or writes; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return MAX_COUNT + 1 if value > 0 else -1
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if _COUNT.fullmatch(digits):
            number = int(digits.partition(".")[0].replace(",", ""))
            return -number if digits != value else number
    return None


def post_id_of(value: object) -> str | None:
    """Return an id as a string; None where there is none, or only a number rounded in a sheet.

    Raises UnreadableValueError where it is too long or holds blanks.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_ID_CHARACTERS else "9" * (MAX_ID_CHARACTERS + 1)
    if not isinstance(value, str):
        return None
    text = clean(value).strip()
    if not text or _ROUNDED_NUMBER.fullmatch(text):
        return None
    if len(text) > MAX_ID_CHARACTERS or not _ID.fullmatch(text):
        raise UnreadableValueError(
            f"is not an id: at most {MAX_ID_CHARACTERS} characters without blanks"
        )
    return text


def id_in_url(value: object) -> str | None:
    """Return the post id in the address of a post on X (.../status/123), or None."""
    match = _STATUS_URL.search(value) if isinstance(value, str) else None
    return match[1] if match else None


def id_from_content(created_at: datetime, text: str) -> str:
    """Return a stable id for a post that has none: 32 hexadecimal digits of its time and text."""
    content = f"{created_at.isoformat()}\n{text}".encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def language_of(value: object) -> str | None:
    """Return a language code as the source wrote it; None where the value is no such code."""
    text = value.strip() if isinstance(value, str) else ""
    return text if _LANGUAGE.fullmatch(text) else None


def hashtags_in(text: str) -> tuple[str, ...]:
    """Return the hashtags of a text in order: lower-cased, without "#", each once.

    A tag is letters of any script with their marks, digits and "_", and not digits alone. A "#"
    after a letter, digit, "&" or "/" starts none: it belongs to a word or an address.
    """
    return _tags(_tags_in(text))


def hashtags_of(value: object) -> tuple[str, ...]:
    """Return the hashtags that a source lists: strings, objects with "text" or "tag", or one
    string with blanks or commas between. What is no tag is left out."""
    if isinstance(value, str):
        return _tags(re.split(r"[\s,;]+", value[: MAX_HASHTAGS * MAX_HASHTAG_CHARACTERS]))
    if not isinstance(value, list):
        return ()
    return _tags(_named(item) for item in value)


def _named(item: object) -> str:
    name = item.get("text", item.get("tag")) if isinstance(item, dict) else item
    return name if isinstance(name, str) else ""


def _tags_in(text: str) -> Iterator[str]:
    for sign in _HASH_SIGN.finditer(text):
        before, after = text[max(sign.start() - 1, 0) : sign.start()], sign.end()
        if not (before.isalnum() or (before and before in "&/")):
            yield "".join(takewhile(_in_tag, text[after : after + 1 + MAX_HASHTAG_CHARACTERS]))


def _tags(found: Iterable[str]) -> tuple[str, ...]:
    """Lower, check and deduplicate tags, keeping their order and the first MAX_HASHTAGS."""
    kept: dict[str, None] = {}
    for raw in found:
        tag = raw.strip().lstrip(_HASH_SIGNS).lower()
        if (
            0 < len(tag) <= MAX_HASHTAG_CHARACTERS
            and all(map(_in_tag, tag))
            and any(character.isalpha() for character in tag)
        ):
            kept[tag] = None
        if len(kept) == MAX_HASHTAGS:
            break
    return tuple(kept)


def _in_tag(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] in "LMN"
