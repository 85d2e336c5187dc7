"""Invent people for the store's benchmark: no one real, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from api.domain.moods import Mood

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MATCHABLE = 0.3
"""The share of people who agreed to be matched."""
HASHTAGS = 5_000
"""How many hashtags there are; the n-th is used 1/n as often as the first (Zipf)."""
_MOST_HASHTAGS = 20  # what a finished analysis keeps at most
_DAYS = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Hold a user whose posts were analysed once."""

    number: int
    mood: str
    mood_at: datetime
    matchable: bool
    hashtags: tuple[str, ...]

    @property
    def user_id(self) -> str:
        """Return the key of the user."""
        return f"u{self.number:09d}"

    @property
    def user_name(self) -> str:
        """Return the name as the user writes it."""
        return f"U{self.number:09d}"


def people(count: int, seed: int = 7) -> Iterator[Person]:
    """Yield people with moods of the last 60 days and 0 to 20 hashtags, popular ones more often."""
    chance = random.Random(seed)
    moods = [mood.value for mood in Mood]
    names = [f"tag{rank}" for rank in range(1, HASHTAGS + 1)]
    weights = list(accumulate(1 / rank for rank in range(1, HASHTAGS + 1)))
    for number in range(count):
        drawn = chance.choices(names, cum_weights=weights, k=chance.randint(0, _MOST_HASHTAGS))
        yield Person(
            number,
            chance.choice(moods),
            NOW - timedelta(microseconds=chance.randrange(_DAYS * 86_400_000_000)),
            chance.random() < MATCHABLE,
            tuple(dict.fromkeys(drawn)),
        )
