"""Names under which sources keep the fields of a post, and where they are in one record.

A name is compared in its normal form: letters and digits only, lower-cased. So `Tweet Id`,
`tweet_id` and `tweetId` are one name, and `public_metrics.like_count` is found as a column of that
name, as a key of that name, or as the key `like_count` of the object `public_metrics`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

FIRST_KEY = "<key>"
"""As the last part of a name: the first key of the object, not a value of it."""

MAX_NAME_CHARACTERS = 120
"""Longest name that is compared with those known."""

MAX_FIELDS = 2_000
"""Most columns or keys of what is taken for a post when a file is recognised."""

_PLANS_KEPT = 512
_NAMES_KEPT = 64 * 1024
_MISSING = frozenset({
    "", "nan", "null", "\\n", "none", "-", "--", "—", "n/a", "na", "nat", "<na>", "#n/a", "nil",
    "undefined", "[removed]", "[deleted]", "[deleted by user]", "[ removed by reddit ]",
})  # fmt: skip
_LONGEST_MISSING = 24


def normal(name: str) -> str:
    """Return the normal form of a name; one that is longer than any known stays as it is."""
    return _normal(name) if len(name) <= MAX_NAME_CHARACTERS else name


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).lower()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in a record: under key, then under the normal names in rest.

    A value that is a list stands for the first of its items, if objects, that have the rest.
    name is for people.
    """

    key: str
    rest: tuple[str, ...] = ()
    name: str = ""


Join = tuple[Place, ...]
"""Places whose values are joined to one: a title and a body."""

Plan = Mapping[str, tuple[Join, ...]]
"""Where each field of a post is, in order of preference."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Names for each field of a post, as `{"text": [["full_text", "text"], ["content"]]}`.

    Of a field's groups the first counts of which a record has any name; within a group the first
    name that has a value in this record. A name is a path of parts with "." between; " + " joins
    values.
    """

    groups: Mapping[str, Sequence[Sequence[str]]]

    def plan(self, keys: Iterable[str]) -> Plan:
        """Return where each field is in a record that has these keys."""
        by_normal: dict[str, list[str]] = {}
        for key in keys:
            by_normal.setdefault(normal(key), []).append(key)
        plan: dict[str, tuple[Join, ...]] = {}
        for field, groups in self.groups.items():
            for group in groups:
                joins = [join for name in group for join in _joins(name, by_normal)]
                if joins:
                    plan[field] = tuple(joins)
                    break
        return plan

    def replaced(self, groups: Mapping[str, Sequence[Sequence[str]]]) -> "FieldNames":
        """Return these names with those of some fields replaced."""
        return FieldNames({**self.groups, **groups})


def _joins(name: str, by_normal: Mapping[str, list[str]]) -> list[Join]:
    parts = [
        [Place(key, rest, ".".join((key, *rest))) for first, rest in cuts
         for key in by_normal.get(first, ())]
        for cuts in _cuts(name)
    ]  # fmt: skip
    if len(parts) == 1:
        return [(place,) for place in parts[0]]
    found = tuple(places[0] for places in parts if places)
    return [found] if found else []


@lru_cache(maxsize=4096)
def _cuts(name: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    """Return each way to cut the paths that a known name joins: normal form of the key, and rest.

    Kept, because it is the same for every record, and files may have as many shapes as records.
    """
    paths = [
        tuple(part if part == FIRST_KEY else normal(part) for part in path.split("."))
        for path in name.split(" + ")
    ]
    return tuple(
        tuple(("".join(path[:cut]), path[cut:]) for cut in range(len(path), 0, -1))
        for path in paths
    )


class Plans:
    """Plans of the records that were met lately, by their keys."""

    def __init__(self, names: FieldNames) -> None:
        self._names = names
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._kept = 0

    def of(self, record: Mapping[str, object]) -> Plan:
        """Return where each field is in records that have the keys of this one."""
        keys = tuple(record)
        plan = self._plans.get(keys)
        if plan is None:
            # Keys are bounded in number and length, for no file may fill the memory with them.
            self._kept += len(keys) + sum(map(len, keys))
            if self._kept > _NAMES_KEPT or len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
                self._kept = 0
            plan = self._plans[keys] = self._names.plan(keys)
        return plan


def is_missing(value: object) -> bool:
    """Return whether a value stands for none: empty, null, not a number, or a word for that."""
    if value is None or value != value:  # only a float that is not a number differs from itself
        return True
    if isinstance(value, str):
        return len(value) <= _LONGEST_MISSING and value.strip().lower() in _MISSING
    return value == [] or value == {}


def value_at(record: Mapping[str, object], place: Place) -> object:
    """Return the value at a place, or None."""
    value = record.get(place.key)
    return _within(value, place.rest) if place.rest else value


def _within(value: object, rest: tuple[str, ...]) -> object:
    for depth, name in enumerate(rest):
        if isinstance(value, list):
            objects = (item for item in value if isinstance(item, dict))
            found = (_within(item, rest[depth:]) for item in objects)
            return next((each for each in found if not is_missing(each)), None)
        if not isinstance(value, dict):
            return None
        if name == FIRST_KEY:
            return next(iter(value), None)
        value = next((inner for key, inner in value.items() if normal(key) == name), None)
    return value


def first_value(record: Mapping[str, object], joins: Iterable[Join]) -> tuple[str, object]:
    """Return the name and value of the first place that has one, else the first name and None."""
    for join in joins:
        place = join[0]
        if len(join) == 1:
            value = record.get(place.key)
            if type(value) is str and len(value) > _LONGEST_MISSING:  # most values, in short
                return place.name, value
            if place.rest:
                value = _within(value, place.rest)
        else:
            values = [value_at(record, place) for place in join]
            texts = [each for each in values if isinstance(each, str) and not is_missing(each)]
            value = "\n\n".join(texts)
        if not is_missing(value):
            return join[-1].name, value
    return next((join[-1].name for join in joins), ""), None


PLAIN = FieldNames({
    "text": [
        ["note_tweet.text", "note_tweet.note_tweet_results.result.text", "extended_tweet.full_text",
         "full_text", "text"],
        ["raw_content"], ["tweet_text"], ["post_text"], ["tweet"], ["content"], ["body"],
        ["message"], ["caption"], ["status_text"], ["post_content"], ["tweet_content"],
        ["message_text"], ["post"], ["status"], ["comment"], ["tweets"], ["selftext"],
    ],
    "time": [
        ["created_at"], ["timestamp"], ["timestamp_ms"], ["datetime"], ["date_time"],
        ["created_utc"], ["created"], ["published_at"], ["published"], ["posted_at"],
        ["post_date"], ["tweet_date"], ["tweet_created"], ["tweet_created_at"], ["creation_time"],
        ["creation_timestamp"], ["created_time"], ["create_time"], ["date_created"],
        ["date_posted"], ["creation_date"], ["created_date"], ["publish_time"], ["publish_date"],
        ["post_time"], ["time_posted"], ["utc_time"],
        ["date_utc"], ["tweet_time"], ["posted"], ["date"], ["time"],
    ],
    "date": [["date"], ["day"]],
    "clock": [["time"], ["hour"]],
    "zone": [["timezone"], ["time_zone"], ["tz"], ["utc_offset"], ["zone"]],
    "id": [
        ["id_str", "post_id", "tweet_id", "status_id", "id", "rest_id", "tweet_id_str",
         "message_id", "uuid"],
    ],
    "url": [
        ["url", "permalink", "link", "tweet_url", "post_url", "status_url", "link_to_tweet",
         "tweet_permalink", "tweet_link", "post_link", "permalink_url", "uri"],
    ],
    "author": [
        ["user.screen_name", "user.username", "author.username", "author.user_name", "account.acct",
         "account.username", "author.handle"],
        ["screen_name", "username", "user_name", "author_username", "from_user", "author", "user",
         "handle", "user_screen_name", "account", "from", "from_name", "sender", "sender_name"],
    ],
    "repost": [
        ["retweet", "is_retweet", "is_repost", "is_reblog", "is_boost", "user_rt_id", "user_rt",
         "retweeted_status", "retweeted_status_id", "retweeted_status_id_str",
         "retweeted_status_user_id", "retweeted_status_timestamp", "retweeted_tweet",
         "retweeted_tweet_id", "retweeted_user_id", "retweet_id", "retweet_of", "retweeted_from",
         "reblog", "reblogged_from", "reposted_post", "reposted_status", "repost_of", "boost_of",
         "referenced_tweets.retweeted.id"],
    ],
    "kind": [["type", "tweet_type", "post_type", "kind", "referenced_tweets.type", "tweet_kind"]],
    "relation": [["ownership"], ["relation"]],
    "original": [
        ["retweeted_status.extended_tweet.full_text", "retweeted_status.full_text",
         "retweeted_status.text", "retweeted_tweet.raw_content", "retweeted_tweet.full_text",
         "retweeted_tweet.text", "retweeted_tweet.content", "reblog.content"],
    ],
    "original_id": [
        ["retweeted_status.id_str", "retweeted_status_id_str", "retweeted_status_id",
         "retweeted_tweet.id", "referenced_tweets.id", "referenced_tweets.retweeted.id"],
    ],
    "versions": [
        ["edit_history_tweet_ids", "edit_info.edit.edit_control_initial.edit_tweet_ids",
         "edit_info.initial.edit_tweet_ids", "edit_control.edit_tweet_ids",
         "edit_control.edit_control_initial.edit_tweet_ids"],
    ],
    "language": [["lang", "language", "tweet_lang", "langs", "language_code", "tweet_language"]],
    "hashtags": [["hashtags", "entities.hashtags", "hash_tags", "tags"]],
    "likes": [
        ["likes", "like_count", "likes_count", "favorite_count", "favorites", "favourites",
         "favorites_count", "favourites_count", "favourite_count", "nlikes", "number_of_likes",
         "num_likes", "num_of_likes", "total_likes", "public_metrics.like_count",
         "legacy.favorite_count", "like", "favorite", "favs", "likes.count"],
    ],
    "reposts": [
        ["reposts", "repost_count", "reposts_count", "retweet_count", "retweets", "retweets_count",
         "nretweets", "number_of_retweets", "num_retweets", "num_of_retweets",
         "num_of_retweet", "total_retweets", "reblogs_count",
         "reblogs", "boosts", "shares", "share_count", "shares_count",
         "public_metrics.retweet_count", "public_metrics.repost_count", "legacy.retweet_count",
         "reposts.count"],
    ],
    "replies": [
        ["replies", "reply_count", "replies_count", "nreplies", "number_of_replies", "num_replies",
         "comments", "comment_count", "comments_count", "num_comments",
         "public_metrics.reply_count", "legacy.reply_count", "replies.count"],
    ],
    "quotes": [
        ["quotes", "quote_count", "quotes_count", "nquotes", "quote_tweets", "quote_tweet_count",
         "public_metrics.quote_count", "legacy.quote_count"],
    ],
    "bookmarks": [
        ["bookmarks", "bookmark_count", "bookmarks_count", "nbookmarks", "saves",
         "public_metrics.bookmark_count", "legacy.bookmark_count"],
    ],
    "impressions": [
        ["impressions", "impression_count", "impressions_count", "views", "view_count",
         "views_count", "views.count", "public_metrics.impression_count",
         "non_public_metrics.impression_count", "organic_metrics.impression_count"],
    ],
})  # fmt: skip
"""Names that sources and hand-made files use."""
