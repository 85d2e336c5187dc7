"""Turn the named values of one row or object of a file into a post, or say why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.intake.times import UnreadableTimeError, time_of
from api.intake.values import (
    UnreadableValueError,
    count_of,
    hashtags_in,
    hashtags_of,
    id_from_content,
    id_in_url,
    language_of,
    post_id_of,
    post_text_of,
)

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

Value = TypeVar("Value")


class _FaultError(ValueError):
    """Carry which field of an item is at fault, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class PostIntake:
    """Read the items of one file in turn; an id that came before in it is rejected.

    Names of fields are those of this service (`text`, `likes`), of X's archive and interfaces
    (`full_text`, `favorite_count`, `public_metrics`) and of common exports (`favorites`, `url`).
    Fields of other names are dropped; so is the author, as a file is the user's own statement.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._seen: set[str] = set()

    def take(self, fields: Mapping[str, object], where: str) -> Post | RejectedPost:
        """Return the post that the fields describe, or a RejectedPost that names `where`.

        Only a text and a time are needed; the id is that of the field, else of the address, else
        made from time and text. Counts that are negative or absurd are rejected, never clamped.
        """
        try:
            post = _post_of(fields, self._now)
        except _FaultError as fault:
            return RejectedPost(where=where, reason=fault.reason, field=fault.field)
        if post.post_id in self._seen:
            return RejectedPost(
                where=where,
                reason=f"the post {post.post_id} stands earlier in this file; that one was taken",
                field="id",
            )
        self._seen.add(post.post_id)
        return post


def _post_of(fields: Mapping[str, object], now: datetime) -> Post:
    text_name, raw_text = _text_in(fields)
    text = _read(text_name, post_text_of, raw_text)
    time_name, raw_time = _first(fields, TIME_NAMES)
    if raw_time is None:
        raise _FaultError(time_name, f"{time_name} is missing")
    try:
        created_at = time_of(raw_time, now)
    except UnreadableTimeError as exc:
        raise _FaultError(time_name, str(exc)) from exc
    return Post(
        post_id=_id_in(fields) or id_from_content(created_at, text),
        text=text,
        created_at=created_at,
        ownership=_ownership_in(fields, text),
        engagement=_engagement_in(fields),
        language=language_of(_first(fields, _LANGUAGE_NAMES)[1]),
        hashtags=_listed_hashtags(fields) or hashtags_in(text),
    )


def _read(name: str, parse: Callable[[object], Value], raw: object) -> Value:
    try:
        return parse(raw)
    except UnreadableValueError as exc:
        raise _FaultError(name, f"{name} {exc}") from exc


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> tuple[str, object]:
    """Return the first name that has a value, and it; else the name to ask for, and None."""
    for name in names:
        value = fields.get(name)
        if value is not None and value != "":
            return name, value
    return next((name for name in names if name in fields), names[0]), None


def _text_in(fields: Mapping[str, object]) -> tuple[str, object]:
    """Return the name and value of the text; a long post's whole text goes before its excerpt."""
    for holder, name in (("note_tweet", "text"), ("extended_tweet", "full_text")):
        whole = _nested(fields, holder).get(name)
        if isinstance(whole, str) and whole:
            return f"{holder}.{name}", whole
    name, value = _first(fields, TEXT_NAMES)
    if value is None:
        present = any(fields.get(each) is not None for each in TEXT_NAMES)
        raise _FaultError(
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
            raise _FaultError("ownership", "ownership is own, shared or liked") from exc
    repost = (
        text.startswith("RT @")
        or fields.get("retweeted") is True
        or any(fields.get(sign) for sign in _REPOST_SIGNS)
    )
    return Ownership.SHARED if repost else Ownership.OWN


def _engagement_in(fields: Mapping[str, object]) -> Engagement:
    metrics = _nested(fields, "public_metrics")
    counts: dict[str, int] = {}
    for count, names in _COUNT_NAMES.items():
        name, raw = _first(fields, names)
        if raw is None:
            name, raw = _first(metrics, names)
        counts[count] = _read(name, count_of, raw)
    return Engagement(**counts)


def _listed_hashtags(fields: Mapping[str, object]) -> tuple[str, ...]:
    return hashtags_of(fields.get("hashtags")) or hashtags_of(
        _nested(fields, "entities").get("hashtags")
    )


def _nested(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    inner = fields.get(name)
    return inner if isinstance(inner, dict) else {}
