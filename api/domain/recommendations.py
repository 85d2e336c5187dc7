"""Recommend accounts, hashtags and friends that may do good in a mood (DESIGN section 5)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from api.domain.moods import Mood, opposite
from api.domain.posts import Ownership, Post

ACCOUNT = "account"
HASHTAG = "hashtag"

_NAMED_INTERESTS = 3
"""How many shared hashtags an explanation names before it only counts them."""

_LATELY_DAYS = 7
"""Within how many days a friend who shares nothing is said to have been here lately."""


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """Hold one thing to recommend for a mood; kind is "account" or "hashtag"."""

    mood: str
    kind: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class FriendCandidate:
    """Hold what ranking needs to know of a user who agreed to be matched."""

    user_id: str
    user_name: str
    mood: str
    mood_at: datetime
    hashtags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Name one account, hashtag or friend, without @ or #, and say why it is here."""

    name: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Hold what is recommended to a user of a mood, in the order to show."""

    mood: Mood
    big_accounts: tuple[Recommendation, ...]
    hashtags: tuple[Recommendation, ...]
    friends: tuple[Recommendation, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "mood": self.mood.value,
            "big_accounts": [asdict(item) for item in self.big_accounts],
            "hashtags": [asdict(item) for item in self.hashtags],
            "friends": [asdict(item) for item in self.friends],
        }


def interests(posts: Iterable[Post], limit: int) -> list[str]:
    """Return the hashtags of the user's own posts, most used first, then by the alphabet.

    A hashtag counts once a post, so that one post full of it does not speak for all.
    """
    counts = Counter(
        hashtag
        for post in posts
        if post.ownership is Ownership.OWN
        for hashtag in _normalised(post.hashtags)
    )
    ranked = sorted(counts, key=lambda hashtag: (-counts[hashtag], hashtag))
    return ranked[: max(0, limit)]


def recommend(
    mood: Mood,
    catalogue: Sequence[CatalogueItem],
    candidates: Sequence[FriendCandidate],
    interests: Sequence[str],
    *,
    user_id: str,
    day: date,
    count: int = 3,
) -> Recommendations:
    """Return up to `count` accounts, hashtags and friends for a user of this mood.

    catalogue may hold other moods too, and its order is kept; candidates may hold anyone, and only
    those of the opposite mood are taken; interests are the user's hashtags. The user is never
    recommended to themselves. The answer depends on nothing but the arguments: it is the same all
    day, and the next day the catalogue moves on.

    Raises ValueError where count is negative.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    me = user_id.lower()
    items = [item for item in catalogue if item.mood == mood]
    accounts = [item for item in items if item.kind == ACCOUNT and item.name.lower() != me]
    hashtags = [item for item in items if item.kind == HASHTAG]
    return Recommendations(
        mood=mood,
        big_accounts=_of_the_day(accounts, user_id=me, day=day, count=count),
        hashtags=_of_the_day(hashtags, user_id=me, day=day, count=count),
        friends=_friends(mood, candidates, interests, user_id=me, day=day, count=count),
    )


def _of_the_day(
    items: Sequence[CatalogueItem], *, user_id: str, day: date, count: int
) -> tuple[Recommendation, ...]:
    """Take one item from each of `count` near-equal sections of the list, in its order.

    The catalogue starts with wellness, so each day's answer does too. Within a section the choice
    starts at a place given by the user and steps on by one each day.
    """
    chosen = []
    sections = min(count, len(items))
    for number in range(sections):
        start = number * len(items) // sections
        section = items[start : (number + 1) * len(items) // sections]
        place = (_seed(user_id, str(number)) + day.toordinal()) % len(section)
        chosen.append(section[place])
    return tuple(Recommendation(item.name, item.about) for item in chosen)


def _friends(
    mood: Mood,
    candidates: Sequence[FriendCandidate],
    interests: Sequence[str],
    *,
    user_id: str,
    day: date,
    count: int,
) -> tuple[Recommendation, ...]:
    """Rank friends by shared interests, then by the day of their mood; equals take turns by day."""
    wanted = _normalised(interests)
    matches = {
        friend.user_id: friend
        for friend in candidates
        if friend.user_id.lower() != user_id and friend.mood == opposite(mood)
    }

    def rank(friend: FriendCandidate) -> tuple[int, int, int, str]:
        shared = len(wanted.keys() & _normalised(friend.hashtags).keys())
        fresh = friend.mood_at.astimezone(UTC).toordinal()
        return (-shared, -fresh, _seed(user_id, day.isoformat(), friend.user_id), friend.user_id)

    return tuple(
        Recommendation(friend.user_name, _explanation(wanted, friend, day))
        for friend in sorted(matches.values(), key=rank)[:count]
    )


def _explanation(wanted: Iterable[str], friend: FriendCandidate, day: date) -> str:
    """Say what is shared, else that they are about. Never tells a mood: that is theirs to tell."""
    theirs = _normalised(friend.hashtags)
    shared = [f"#{hashtag}" for hashtag in wanted if hashtag in theirs]
    if not shared:
        about = (day - friend.mood_at.astimezone(UTC).date()).days < _LATELY_DAYS
        lately = "was here lately" if about else "may be good company"
        return f"agreed to be matched and {lately}"
    named, more = shared[:_NAMED_INTERESTS], len(shared) - _NAMED_INTERESTS
    if more > 0:
        named.append(f"{more} more")
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"shares {listed} with you"


def _normalised(hashtags: Iterable[str]) -> dict[str, None]:
    """Return each hashtag once, lower-cased, without "#", in order (a dict as an ordered set)."""
    return {hashtag.lower().removeprefix("#"): None for hashtag in hashtags}


def _seed(*parts: str) -> int:
    """Return a number that is the same in every process, as hash() of a string is not."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big")
