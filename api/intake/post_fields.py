"""Build a post from the named values of one row or object, or say why it cannot be one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from api.domain.imports import DateOrder
from api.domain.posts import (
    ENGAGEMENT,
    Engagement,
    Ownership,
    Post,
    RejectedPost,
    Skip,
    content_key,
    is_content_id,
)
from api.intake.field_names import (
    MAX_NAME_CHARACTERS,
    PLAIN,
    FieldNames,
    Join,
    Plan,
    Plans,
    first_value,
    is_missing,
    normal,
    value_at,
)
from api.intake.html_text import looks_like_html, text_of_html
from api.intake.id_times import time_in_snowflake, time_in_tid
from api.intake.post_values import (
    UnreadableValueError,
    clean,
    count_of,
    hashtags_in,
    hashtags_of,
    host_of,
    id_from_content,
    id_in_url,
    language_of,
    post_id_of,
    post_text_of,
)
from api.intake.times import (
    UnreadableTimeError,
    time_of,
    time_of_parts,
)

_REPOST_KINDS = frozenset({
    "retweet", "retweeted", "rt", "repost", "reposted", "reblog", "boost", "announce", "shared",
    "appbskyfeedrepost",
})  # fmt: skip
_LIKE_KINDS = frozenset({"like", "liked", "favorite", "favourite", "favorited", "appbskyfeedlike"})
_NO = frozenset({"false", "f", "no", "n", "0", "0.0", "off", "[]", "{}"})
_YES = frozenset({"true", "t", "yes", "y"})
# Columns of these names are a yes or no in one export, and a count in another.
_FLAG_OR_COUNT = frozenset({"retweet"})
_REPOST_TEXT = re.compile(r"RT @\w")
_CUT = re.compile(r"(?:…|\.\.\.)\s*(?:https://t\.co/\w+)?\s*$")
_OWN_WORD_CHARACTERS = 50
_MAX_VERSIONS = 20
_MAX_ID_DIGITS = 25

Value = TypeVar("Value")


class _FieldError(ValueError):
    def __init__(self, field: str, reason: str, kind: Skip = Skip.UNREADABLE) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """What the fields of one file's records mean.

    html: whether texts are HTML, None where each text shows it. relation: what a post is unless it
    is a repost. order: that of numeric dates. dated_by_id: a post without a time has that of its id
    on X or Bluesky. id_prefix comes before each id, with "{host}" for the host of the post's URL.
    repair puts a decoded text right. left_out maps the normal form of a field's name to values,
    each with the reason why records with it are left out. superseded: ids of posts of which the
    file has a later version. originals: whole texts by id, for reposts that were cut. own_author:
    the author whose posts are the user's own, where the file has several; None where all are.
    """

    names: FieldNames = PLAIN
    html: bool | None = None
    relation: Ownership = Ownership.OWN
    order: DateOrder | None = None
    dated_by_id: bool = True
    id_prefix: str = ""
    ids_are_ruined: bool = False
    repair: Callable[[str], str] | None = None
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    superseded: frozenset[str] = frozenset()
    originals: Mapping[str, str] = field(default_factory=dict)
    own_author: str | None = None


class PostIntake:
    """Builder of the posts of one file or page; of the same post twice, the first is taken.

    Names of fields are those of `rules`, by default those that sources and common exports use. What
    has no role there is dropped.
    """

    def __init__(self, now: datetime, rules: ReadingRules | None = None) -> None:
        self._now = now
        self.rules = rules or ReadingRules()
        self._plans = Plans(self.rules.names)
        self._ids: set[str] = set()
        self._contents: set[str] = set()

    def take(self, record: Mapping[str, object], where: str) -> Post | RejectedPost:
        """Return the post that the record describes, or a RejectedPost that names `where`.

        Only a text and a time are needed; the id is that of the field, else of the URL, else
        made from time and text. Counts that are negative or absurd are rejected, never clamped.
        """
        plan = self.plan(record)
        try:
            post = _RecordReader(record, plan, self.rules, self._now).post()
        except _FieldError as error:
            name = clean(error.field)[:MAX_NAME_CHARACTERS] or None
            return RejectedPost(where, clean(error.reason), name, error.kind)
        return self._unless_known(post, where)

    def plan(self, record: Mapping[str, object]) -> Plan:
        """Return where each field is in records that have the keys of this one."""
        return self._plans.of(record)

    def under(self, rules: ReadingRules) -> "PostIntake":
        """Return a builder with other rules that knows the posts of this one."""
        other = PostIntake(self._now, rules)
        other._ids, other._contents = self._ids, self._contents
        return other

    def is_repost(self, record: Mapping[str, object]) -> bool:
        """Return whether a record repeats a post of somebody else."""
        try:
            reader = _RecordReader(record, self.plan(record), self.rules, self._now)
            return reader._ownership() is Ownership.SHARED
        except _FieldError:
            return False

    def _unless_known(self, post: Post, where: str) -> Post | RejectedPost:
        if post.post_id in self._ids:
            reason = f"the post {post.post_id} stands earlier in this file; that one was taken"
            return RejectedPost(where, reason, "id", Skip.DUPLICATE)
        if post.post_id in self.rules.superseded:
            reason = f"the post {post.post_id} was edited; the later version was taken"
            return RejectedPost(where, reason, "id", Skip.EDITED)
        self._ids.add(post.post_id)
        if is_content_id(post.post_id):
            key = content_key(post)
            if key in self._contents:
                reason = "the same text of the same minute stands earlier; that one was taken"
                return RejectedPost(where, reason, None, Skip.DUPLICATE)
            self._contents.add(key)
        return post


@dataclass(slots=True)
class _RecordReader:
    """Reader of the fields of one record."""

    record: Mapping[str, object]
    plan: Plan
    rules: ReadingRules
    now: datetime

    def post(self) -> Post:
        """Return the post. Raises _FieldError."""
        self._leave_out()
        ownership = self._ownership()
        text = self._text(ownership)
        post_id = self._id()
        created_at = self._created_at(post_id)
        return Post(
            post_id=(self._prefix() + post_id) if post_id else id_from_content(created_at, text),
            text=text,
            created_at=created_at,
            ownership=ownership,
            engagement=self._engagement(),
            language=language_of(self._first("language")[1]),
            hashtags=hashtags_of(self._first("hashtags")[1]) or hashtags_in(text),
            earlier_ids=self._earlier_ids(post_id) if post_id and "versions" in self.plan else (),
            own_word=self._own_word() if "own_word" in self.plan else None,
        )

    def _first(self, field: str) -> tuple[str, object]:
        joins = self.plan.get(field)
        return first_value(self.record, joins) if joins else (field, None)

    def _leave_out(self) -> None:
        for name, reasons in self.rules.left_out.items():
            for key, value in self.record.items():
                is_word = normal(key) == name and isinstance(value, str | bool | int)
                reason = reasons.get(normal(str(value))) if is_word else None
                if reason:
                    raise _FieldError(key, reason, Skip.LEFT_OUT)

    def _ownership(self) -> Ownership:
        """Return what the field says, else what kind of post the flags, the text or author show."""
        stated = self._first("relation")[1]
        if isinstance(stated, str):
            try:
                return Ownership(stated.strip().lower())
            except ValueError as exc:
                raise _FieldError("ownership", "ownership is own, shared or liked") from exc
        kinds = set(self._kinds())
        text = self._first("text")[1]
        if (
            not kinds.isdisjoint(_REPOST_KINDS)
            or any(_is_set(self.record, join) for join in self.plan.get("repost", ()))
            or (isinstance(text, str) and _REPOST_TEXT.match(text))
        ):
            return Ownership.SHARED
        if not kinds.isdisjoint(_LIKE_KINDS):
            return Ownership.LIKED
        self._check_author()
        return self.rules.relation

    def _kinds(self) -> Iterator[str]:
        for [place] in self.plan.get("kind", ()):
            top = self.record.get(place.key)
            for item in top if isinstance(top, list) else [top]:
                value = value_at({place.key: item}, place)
                if isinstance(value, str):
                    yield normal(value)

    def _check_author(self) -> None:
        own = self.rules.own_author
        if own is None:
            return
        name, author = self._first("author")
        if isinstance(author, str) and author_name(author) != own:
            reason = f"it is by {clean(author)[:_OWN_WORD_CHARACTERS]}, not by {own}"
            raise _FieldError(name, reason, Skip.LEFT_OUT)

    def _text(self, ownership: Ownership) -> str:
        name, raw = self._first("text")
        if ownership is not Ownership.OWN and (whole := self._original(raw)):
            name, raw = whole
        if raw is None:
            if ownership is Ownership.SHARED:
                raise _FieldError(name, "a repost without the text of its original", Skip.LEFT_OUT)
            present = any(
                self.record.get(join[-1].key) is not None for join in self.plan.get("text", ())
            )
            raise _FieldError(name, f"{name} is empty" if present else f"{name} is missing")
        return self._text_of(name, raw)

    def _text_of(self, name: str, raw: object) -> str:
        is_html = self.rules.html
        if isinstance(raw, str):
            if self.rules.repair is not None and not raw.isascii():
                raw = self.rules.repair(raw)
            if is_html is None:
                is_html = "<" in raw and looks_like_html(raw)
            if is_html:
                raw = text_of_html(raw)
        return _read(name, lambda value: post_text_of(value, entities=not is_html), raw)

    def _original(self, raw: object) -> tuple[str, object] | None:
        """Return the name and text of the post that this one repeats, where the file has it."""
        name, text = self._first("original")
        if isinstance(text, str):
            return name, text
        if isinstance(raw, str) and not _CUT.search(raw[-64:]):
            return None
        for join in self.plan.get("original_id", ()):
            whole = self.rules.originals.get(str(value_at(self.record, join[0])))
            if whole:
                return join[0].name, whole
        return None

    def _id(self) -> str | None:
        if not self.rules.ids_are_ruined:
            for join in self.plan.get("id", ()):
                value = value_at(self.record, join[0])
                if found := _read(join[0].name, post_id_of, value):
                    return found
        urls = (value_at(self.record, join[0]) for join in self.plan.get("url", ()))
        return next((found for url in urls if (found := id_in_url(url))), None)

    def _rounded_id(self) -> str | None:
        value = self._first("id")[1]
        return value.strip() if isinstance(value, str) else None

    def _prefix(self) -> str:
        prefix = self.rules.id_prefix
        if "{host}" not in prefix:
            return prefix
        for name in ("url", "id"):
            for join in self.plan.get(name, ()):
                if host := host_of(value_at(self.record, join[0])):
                    return prefix.format(host=host)
        return ""

    def _created_at(self, post_id: str | None) -> datetime:
        name, raw = self._first("time")
        date_name, date = self._first("date")
        clock_name, clock = self._first("clock")
        # A date column that has the time of day in it needs no other.
        in_parts = date is not None and clock is not None and ":" not in str(date)
        try:
            if in_parts and name in (date_name, clock_name, "time"):
                return time_of_parts(
                    date, clock, self._first("zone")[1], self.now, self.rules.order
                )
            if raw is None and date is not None:
                name, raw = date_name, date
            if raw is not None:
                return time_of(raw, self.now, self.rules.order)
        except UnreadableTimeError as exc:
            raise _FieldError(name, str(exc)) from exc
        # An id that was rounded to zeros still has the time of its post, to the second.
        known = post_id or (self._rounded_id() if self.rules.ids_are_ruined else None)
        if known and self.rules.dated_by_id:
            found = time_in_snowflake(known, self.now) or time_in_tid(known, self.now)
            if found is not None:
                return found
        named = {"time": name, "date": date_name}
        missing = next((named[field] for field in named if field in self.plan), "created_at")
        raise _FieldError(missing, f"{missing} is missing")

    def _engagement(self) -> Engagement:
        counts: dict[str, int] = {}
        for count in ENGAGEMENT:
            if count in self.plan:
                name, raw = self._first(count)
                if raw is not None:
                    counts[count] = _read(name, count_of, raw)
        return Engagement(**counts)

    def _earlier_ids(self, post_id: str) -> tuple[str, ...]:
        versions = versions_of(self.record, self.plan)
        before = versions[: versions.index(post_id)] if post_id in versions else ()
        return tuple(self._prefix() + each for each in before)

    def _own_word(self) -> str | None:
        word = self._first("own_word")[1]
        return clean(word).strip()[:_OWN_WORD_CHARACTERS] or None if isinstance(word, str) else None


def _is_set(record: Mapping[str, object], join: Join) -> bool:
    """Return whether a flag is set: yes, or the id or object of what is repeated."""
    value = value_at(record, join[0])
    if isinstance(value, bool):
        return value
    if is_missing(value):
        return False
    if normal(join[0].key) in _FLAG_OR_COUNT and not isinstance(value, dict):
        return isinstance(value, str) and value.strip().lower() in _YES
    if isinstance(value, str):
        return value.strip().lower() not in _NO
    return bool(value)


def versions_of(record: Mapping[str, object], plan: Plan) -> tuple[str, ...]:
    """Return the ids of all versions of a post, the oldest first; empty where there is one."""
    value = first_value(record, plan.get("versions", ()))[1]
    if isinstance(value, str):
        value = re.findall(r"[0-9]{5,25}", value[:1000])
    if not isinstance(value, list) or len(value) < 2:
        return ()
    ids = (str(each) for each in value[:_MAX_VERSIONS] if isinstance(each, str | int))
    return tuple(each for each in ids if len(each) <= _MAX_ID_DIGITS)


def author_name(author: str) -> str:
    """Return an author's name as it is compared: lower-cased, without the "@"."""
    return clean(author[:MAX_NAME_CHARACTERS]).strip().removeprefix("@").lower()


def _read(name: str, parse: Callable[[object], Value], raw: object) -> Value:
    try:
        return parse(raw)
    except UnreadableValueError as exc:
        raise _FieldError(name, f"{name} {exc}") from exc


def nested(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object in a field; empty where there is none."""
    inner = fields.get(name)
    return inner if isinstance(inner, dict) else {}
