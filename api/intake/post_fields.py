"""Build a post from the named values of one row or object, or say why it cannot be one."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import takewhile
from typing import TypeVar

from api.domain.imports import DateOrder
from api.domain.posts import MAX_POST_CHARACTERS, Engagement, Ownership, Post, RejectedPost
from api.intake.times import UnreadableTimeError, time_of

TEXT_NAMES = ("full_text", "text", "tweet", "content")
TIME_NAMES = ("created_at", "timestamp", "date", "time")
_ID_NAMES = ("id_str", "post_id", "id", "tweet_id")
_URL_NAMES = ("url", "permalink", "link")
_LANGUAGE_NAMES = ("lang", "language")
_COUNT_NAMES = {
    "likes": ("likes", "like_count", "favorite_count", "favorites", "favourites"),
    "reposts": ("reposts", "repost_count", "retweet_count", "retweets"),
    "replies": ("replies", "reply_count"),
    "quotes": ("quotes", "quote_count"),
    "bookmarks": ("bookmarks", "bookmark_count"),
    "impressions": ("impressions", "impression_count", "views", "view_count"),
}
_REPOST_SIGNS = ("retweeted_status", "retweeted_status_id", "retweeted_status_id_str")

MAX_COUNT = 10_000_000_000
"""Largest count taken: more than there are people. A larger one is a fault of the source."""

MAX_HASHTAGS = 100
MAX_HASHTAG_CHARACTERS = 100
MAX_ID_CHARACTERS = 64

# The semicolon is required: without it "?a=1&copy=2" would lose a parameter to a sign.
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

Value = TypeVar("Value")


class UnreadableValueError(ValueError):
    """A value that cannot be used; the message follows on the name of its field."""


class _FieldError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class PostIntake:
    """Builder of the posts of one file; an id that came before in it is rejected.

    Names of fields are those of this service (`text`, `likes`), of X's archive and interfaces
    (`full_text`, `favorite_count`, `public_metrics`) and of common exports (`favorites`, `url`).
    Fields of other names are dropped; so is the author, as a file is the user's own statement.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._seen: set[str] = set()

    def take(self, fields: Mapping[str, object], where: str) -> Post | RejectedPost:
        """Return the post that the fields describe, or a RejectedPost that names `where`.

        Only a text and a time are needed; the id is that of the field, else of the URL, else
        made from time and text. Counts that are negative or absurd are rejected, never clamped.
        """
        try:
            post = _post_of(fields, self._now)
        except _FieldError as error:
            return RejectedPost(where, error.reason, error.field)
        if post.post_id in self._seen:
            reason = f"the post {post.post_id} stands earlier in this file; that one was taken"
            return RejectedPost(where, reason, "id")
        self._seen.add(post.post_id)
        return post


def _post_of(fields: Mapping[str, object], now: datetime) -> Post:
    text_name, raw_text = _text_in(fields)
    text = _read(text_name, post_text_of, raw_text)
    time_name, raw_time = _first(fields, TIME_NAMES)
    if raw_time is None:
        raise _FieldError(time_name, f"{time_name} is missing")
    try:
        created_at = time_of(raw_time, now, DateOrder.MONTH_FIRST)
    except UnreadableTimeError as exc:
        raise _FieldError(time_name, str(exc)) from exc
    return Post(
        post_id=_id_in(fields) or id_from_content(created_at, text),
        text=text,
        created_at=created_at,
        ownership=_ownership_in(fields, text),
        engagement=_engagement_in(fields),
        language=language_of(_first(fields, _LANGUAGE_NAMES)[1]),
        hashtags=hashtags_of(fields.get("hashtags"))
        or hashtags_of(nested(fields, "entities").get("hashtags"))
        or hashtags_in(text),
    )


def _read(name: str, parse: Callable[[object], Value], raw: object) -> Value:
    try:
        return parse(raw)
    except UnreadableValueError as exc:
        raise _FieldError(name, f"{name} {exc}") from exc


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> tuple[str, object]:
    """Return the first name that has a value, and it; else the name to ask for, and None."""
    for name in names:
        value = fields.get(name)
        if value is not None and value != "":
            return name, value
    return next((name for name in names if name in fields), names[0]), None


def _text_in(fields: Mapping[str, object]) -> tuple[str, object]:
    """Return the name and value of the text; a whole text is preferred to an excerpt."""
    for holder, name in (("note_tweet", "text"), ("extended_tweet", "full_text")):
        whole = nested(fields, holder).get(name)
        if isinstance(whole, str) and whole:
            return f"{holder}.{name}", whole
    name, value = _first(fields, TEXT_NAMES)
    if value is None:
        present = any(fields.get(each) is not None for each in TEXT_NAMES)
        raise _FieldError(
            name if name in fields else "text",
            f"{name} is empty" if present else "text is missing",
        )
    return name, value


def _id_in(fields: Mapping[str, object]) -> str | None:
    for name in _ID_NAMES:
        if post_id := _read(name, post_id_of, fields.get(name)):
            return post_id
    return next((found for name in _URL_NAMES if (found := id_in_url(fields.get(name)))), None)


def _ownership_in(fields: Mapping[str, object], text: str) -> Ownership:
    """Return what the field says; else a retweet is shared and all others are the user's own."""
    stated = fields.get("ownership")
    if isinstance(stated, str) and stated.strip():
        try:
            return Ownership(stated.strip().lower())
        except ValueError as exc:
            raise _FieldError("ownership", "ownership is own, shared or liked") from exc
    repost = (
        text.startswith("RT @")
        or fields.get("retweeted") is True
        or any(fields.get(sign) for sign in _REPOST_SIGNS)
    )
    return Ownership.SHARED if repost else Ownership.OWN


def _engagement_in(fields: Mapping[str, object]) -> Engagement:
    metrics = nested(fields, "public_metrics")
    counts: dict[str, int] = {}
    for count, names in _COUNT_NAMES.items():
        name, raw = _first(fields, names)
        if raw is None:
            name, raw = _first(metrics, names)
        counts[count] = _read(name, count_of, raw)
    return Engagement(**counts)


def nested(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object in a field; empty where there is none."""
    inner = fields.get(name)
    return inner if isinstance(inner, dict) else {}


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

    Raises UnreadableValueError where it is too long or contains blanks.
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
    """Return the post id in the URL of a post on X (.../status/123), or None."""
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

    A tag is letters of any script with their marks, digits and "_", and not only digits. A "#"
    after a letter, digit, "&" or "/" starts none: it belongs to a word or a URL.
    """
    return _tags(_tags_in(text))


def hashtags_of(value: object) -> tuple[str, ...]:
    """Return the hashtags that a source lists: strings, objects with "text" or "tag", or one
    string with blanks or commas between. What is no tag is left out."""
    if isinstance(value, str):
        return _tags(re.split(r"[\s,;]+", value[: MAX_HASHTAGS * MAX_HASHTAG_CHARACTERS]))
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
