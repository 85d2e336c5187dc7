"""Parse one value of a post: its text, a count, an id, a language, hashtags."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile

from api.domain.posts import MAX_POST_CHARACTERS
from api.intake.field_names import is_missing

MAX_COUNT = 10_000_000_000
"""Largest count taken: more than there are people. A larger one is a fault of the source."""

MAX_HASHTAGS = 100
MAX_HASHTAG_CHARACTERS = 100
MAX_ID_CHARACTERS = 64

# The semicolon is required: without it "?a=1&copy=2" would lose a parameter to a sign.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_COUNT = re.compile(r"(?:[0-9]{1,15}|[0-9]{1,3}(?:[, \u00a0\u202f][0-9]{3}){1,4})(?:\.0+)?")
_ROUNDED_COUNT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?([KkMm])")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_ID = re.compile(r"[^\s\x00-\x1f\x7f]+")
# What a spreadsheet makes of a long number: its last digits are gone, so it names no post.
_ROUNDED_NUMBER = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_WHOLE_FLOAT = re.compile(r"([0-9]{1,15})\.0")
_LONG_FLOAT = re.compile(r"[0-9]{16,}\.[0-9]+")
_ID_IN_URL = re.compile(
    r"/(?:status(?:es)?|posts?|p|reel|comments)/([A-Za-z0-9_-]{1,64})|/@[^/\s]{1,100}/([0-9]{1,25})"
)
_RECORD_KEY = re.compile(r"at://[^/\s]{1,200}/[^/\s]{1,100}/([A-Za-z0-9._~:-]{1,64})")
_HOST = re.compile(r"https?://([^/\s:?#]{1,200})")
_HASH_SIGNS = "#＃"
_HASH_SIGN = re.compile(f"[{_HASH_SIGNS}]")
# Most tags: letters, digits and "_" of ASCII, and another such character or nothing after them.
_PLAIN_TAG = re.compile(r"([A-Za-z0-9_]++)(?:[\x00-\x7f]|$)")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_]+")
_JOINERS = "_\u200c\u200d"
# Lists of objects that a table holds as JSON, or as Python prints them.
_TAG_OBJECT = re.compile(r"""["'](?:tag|text|name)["']: ?["']([^"']{1,200})["']""")
_BETWEEN_TAGS = re.compile(r"[\s,;|'\"\[\]]+")


class UnreadableValueError(ValueError):
    """A value that cannot be used; the message follows on the name of its field."""


def clean(text: str) -> str:
    """Return the text without what no store can keep: NULs go, a lone surrogate becomes U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def post_text_of(value: object, *, entities: bool = True) -> str:
    """Return the text of a post; with entities, those of HTML as the characters they stand for.

    Raises UnreadableValueError where it is no text, empty, or over MAX_POST_CHARACTERS after that:
    a text is never cut.
    """
    if not isinstance(value, str):
        raise UnreadableValueError("is not text")
    text = clean(value)
    if entities and "&" in text:
        text = clean(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text))
    if not text.strip():
        raise UnreadableValueError("is empty")
    if len(text) > MAX_POST_CHARACTERS:
        raise UnreadableValueError(
            f"has {len(text):,} characters, more than the {MAX_POST_CHARACTERS:,} of a post"
        )
    return text


def count_of(value: object) -> int:
    """Return a count; an empty or missing one is 0, and so is a yes or no.

    Strings of digits are read as numbers, with or without thousands marks, and "1.2K" and "3M" as
    pages show them. Raises UnreadableValueError where it is negative, over MAX_COUNT or no whole
    number.
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    if is_missing(value) or isinstance(value, bool | list | dict):
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
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return MAX_COUNT + 1 if value > 0 else -1
        return int(value) if value.is_integer() else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.lower() in ("true", "false", "yes", "no"):
        return 0
    digits = text.removeprefix("-")
    if _COUNT.fullmatch(digits):
        number = int(re.sub(r"[^0-9]", "", digits.partition(".")[0]))
        return -number if digits != text else number
    if rounded := _ROUNDED_COUNT.fullmatch(text):
        return round(float(rounded[1]) * (1_000 if rounded[2] in "Kk" else 1_000_000))
    return None


def post_id_of(value: object) -> str | None:
    """Return an id as a string; None where there is none, or only a number rounded in a sheet.

    Raises UnreadableValueError where it is too long or contains blanks.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_ID_CHARACTERS else "9" * (MAX_ID_CHARACTERS + 1)
    if not isinstance(value, str) or is_missing(value):
        return None
    # Spreadsheets mark a number that is to stay text with an apostrophe, people with quotes.
    text = clean(value).strip().strip("'\"").strip()
    if whole := _WHOLE_FLOAT.fullmatch(text):
        return whole[1]
    if not text or _ROUNDED_NUMBER.fullmatch(text) or _LONG_FLOAT.fullmatch(text):
        return None
    if "/" in text and (found := id_in_url(text)):
        return found
    if len(text) > MAX_ID_CHARACTERS or not _ID.fullmatch(text):
        raise UnreadableValueError(
            f"is not an id: at most {MAX_ID_CHARACTERS} characters without blanks"
        )
    return text


def id_in_url(value: object) -> str | None:
    """Return the post id in the URL of a post (.../status/123, at://.../3k2a), or None."""
    if not isinstance(value, str) or "/" not in value:
        return None
    if match := _RECORD_KEY.match(value):
        return match[1]
    match = _ID_IN_URL.search(value)
    return (match[1] or match[2]) if match else None


def host_of(value: object) -> str | None:
    """Return the host of a URL in lower case, or None."""
    match = _HOST.match(value) if isinstance(value, str) else None
    return match[1].lower() if match else None


def id_from_content(created_at: datetime, text: str) -> str:
    """Return a stable id for a post that has none: 32 hexadecimal digits of its time and text."""
    content = f"{created_at.isoformat()}\n{text}".encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def language_of(value: object) -> str | None:
    """Return a language code as the source wrote it; None where the value is none ("English")."""
    if isinstance(value, list):
        value = value[0] if value else None
    if is_missing(value):
        return None
    text = value.strip() if isinstance(value, str) else ""
    return text if _LANGUAGE.fullmatch(text) else None


def hashtags_in(text: str) -> tuple[str, ...]:
    """Return the hashtags of a text in order: lower-cased, without "#", each once.

    A tag is letters of any script with their marks, digits and "_", and not only digits. A "#"
    after a letter, digit, "&" or "/" starts none: it belongs to a word or a URL.
    """
    return _tags(_tags_in(text)) if "#" in text or "＃" in text else ()


def hashtags_of(value: object) -> tuple[str, ...]:
    """Return the hashtags that a source lists: strings, objects with "text" or "tag", or one
    string with blanks or commas between. What is no tag is left out."""
    if isinstance(value, str) and "{" in value:
        return _tags(_TAG_OBJECT.findall(value))
    if isinstance(value, str):
        return _tags(_BETWEEN_TAGS.split(value[: MAX_HASHTAGS * MAX_HASHTAG_CHARACTERS]))
    if not isinstance(value, list):
        return ()
    named = (
        item.get("text", item.get("tag")) if isinstance(item, dict) else item for item in value
    )
    return _tags(name for name in named if isinstance(name, str))


def _tags_in(text: str) -> Iterator[str]:
    for sign in _HASH_SIGN.finditer(text):
        before, after = text[max(sign.start() - 1, 0) : sign.start()], sign.end()
        if not (before.isalnum() or (before and before in "&/")):
            tag = text[after : after + 1 + MAX_HASHTAG_CHARACTERS]
            plain = _PLAIN_TAG.match(tag)
            yield plain[1] if plain else "".join(takewhile(_in_tag, tag))


def _tags(found: Iterable[str]) -> tuple[str, ...]:
    """Lower, check and deduplicate tags, keeping their order and the first MAX_HASHTAGS."""
    kept: dict[str, None] = {}
    for raw in found:
        tag = raw.strip().lstrip(_HASH_SIGNS).lower()
        if (
            0 < len(tag) <= MAX_HASHTAG_CHARACTERS
            and (_PLAIN_WORD.fullmatch(tag) or all(map(_in_tag, tag)))
            and any(character.isalpha() for character in tag)
        ):
            kept[tag] = None
        if len(kept) == MAX_HASHTAGS:
            break
    return tuple(kept)


def _in_tag(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] in "LMN"
