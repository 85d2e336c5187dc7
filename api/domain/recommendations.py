"""Recommendation of accounts, hashtags and friends for a user's mood."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from api.domain.mood.moods import OPPOSITE, Mood
from api.domain.posts import normalised_hashtags

ACCOUNT = "account"
HASHTAG = "hashtag"

_NAMED_INTERESTS = 3
"""How many shared hashtags an explanation names; it counts the rest."""

_LATELY_DAYS = 7
"""Within how many days of their last mood a friend "was here lately"."""


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One thing to recommend for a mood; kind is "account" or "hashtag"."""

    mood: str
    kind: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class FriendCandidate:
    """A user who agreed to be matched, with what ranking needs."""

    user_id: str
    user_name: str
    mood: str
    mood_at: datetime
    hashtags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended account, hashtag or friend, named without @ or #, and the reason."""

    name: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Recommendations to a user of one mood, in the order to show."""

    mood: Mood
    big_accounts: tuple[Recommendation, ...]
    hashtags: tuple[Recommendation, ...]
    friends: tuple[Recommendation, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "mood": self.mood.value,
            "label": self.mood.label.value,
            "big_accounts": [asdict(item) for item in self.big_accounts],
            "hashtags": [asdict(item) for item in self.hashtags],
            "friends": [asdict(item) for item in self.friends],
        }


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

    Of catalogue only the items of the mood are used, in their order; of candidates only those of
    the opposite mood; interests are the user's hashtags. Users are never recommended to
    themselves. The answer depends only on the arguments, so it stays the same all day; the choice
    from the catalogue changes with the day.
    Raises ValueError if count is negative.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    me = user_id.lower()
    items = [item for item in catalogue if item.mood == mood]
    accounts = [item for item in items if item.kind == ACCOUNT and item.name.lower() != me]
    hashtags = [item for item in items if item.kind == HASHTAG]
    return Recommendations(
        mood=mood,
        big_accounts=_of_the_day(accounts, me, day, count),
        hashtags=_of_the_day(hashtags, me, day, count),
        friends=_ranked_friends(mood, candidates, interests, me, day)[:count],
    )


def _of_the_day(
    items: Sequence[CatalogueItem], user_id: str, day: date, count: int
) -> tuple[Recommendation, ...]:
    """Choose one item from each of `count` near-equal sections of the list, in its order.

    The catalogue starts with wellness, so each day's answer does too. Within a section the index
    starts at a hash of the user and advances by one each day.
    """
    chosen = []
    sections = min(count, len(items))
    for number in range(sections):
        start = number * len(items) // sections
        section = items[start : (number + 1) * len(items) // sections]
        index = (_seed(user_id, str(number)) + day.toordinal()) % len(section)
        chosen.append(section[index])
    return tuple(Recommendation(item.name, item.about) for item in chosen)


def _ranked_friends(
    mood: Mood,
    candidates: Sequence[FriendCandidate],
    interests: Sequence[str],
    user_id: str,
    day: date,
) -> tuple[Recommendation, ...]:
    """Rank friends by shared interests, day of their mood, and a hash that changes by day."""
    wanted = normalised_hashtags(interests)
    matches = {
        friend.user_id: friend
        for friend in candidates
        if friend.user_id.lower() != user_id and friend.mood == OPPOSITE[mood]
    }

    def rank(friend: FriendCandidate) -> tuple[int, int, int, str]:
        shared = len(wanted.keys() & normalised_hashtags(friend.hashtags).keys())
        fresh = friend.mood_at.astimezone(UTC).toordinal()
        return (-shared, -fresh, _seed(user_id, day.isoformat(), friend.user_id), friend.user_id)

    return tuple(
        Recommendation(friend.user_name, _explanation(wanted, friend, day))
        for friend in sorted(matches.values(), key=rank)
    )


def _explanation(wanted: Iterable[str], friend: FriendCandidate, day: date) -> str:
    """Name the shared interests, or how recently they were here. Never reveals a friend's mood."""
    theirs = normalised_hashtags(friend.hashtags)
    shared = [f"#{hashtag}" for hashtag in wanted if hashtag in theirs]
    if not shared:
        recent = (day - friend.mood_at.astimezone(UTC).date()).days < _LATELY_DAYS
        return f"agreed to be matched and {'was here lately' if recent else 'may be good company'}"
    named, more = shared[:_NAMED_INTERESTS], len(shared) - _NAMED_INTERESTS
    if more > 0:
        named.append(f"{more} more")
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"shares {listed} with you"


def _seed(*parts: str) -> int:
    """Return a hash that, unlike hash(), is the same in every process."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big")
