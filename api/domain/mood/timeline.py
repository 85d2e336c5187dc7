"""A user's emotions over time, by day, week or month."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from api.domain.date_ranges import DateRange, date_range, start_of_day
from api.domain.mood.copies import corrected_alike, without_copies
from api.domain.mood.moods import Mood, labelled, mood_of
from api.domain.mood.scoring import (
    ScoringConfig,
    adjusted,
    feeling_posts,
    language,
    negativity,
    positivity,
    relative_weights,
    weighted_mean,
)
from api.domain.posts import ClassifiedPost

BUCKETS = ("day", "week", "month")

_ALL_DAYS = date_range()


class InvalidBucketError(ValueError):
    """A timeline bucket other than "day", "week" or "month"."""


@dataclass(frozen=True, slots=True)
class TimelineBucket:
    """Emotions of one day, week or month; start is its first day.

    Scores and mood are None if no post has a weight, and the mood also if too few posts have a
    feeling in them.
    """

    start: date
    posts: int
    scores: Mapping[str, float] | None
    positivity: float | None
    negativity: float | None
    mood: Mood | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        mood = None if self.mood is None else self.mood.value
        return labelled({**asdict(self), "start": self.start.isoformat(), "mood": mood})


def timeline(
    posts: Sequence[ClassifiedPost],
    bucket: str,
    config: ScoringConfig,
    days: DateRange = _ALL_DAYS,
) -> list[TimelineBucket]:
    """Return the days, weeks or months that have posts, oldest first; days are those of the range.

    bucket is "day", "week" (ISO weeks start on Monday) or "month". Empty ones are left out, since
    an archive may span decades, and so are posts outside of the range and those that the scoring
    leaves out for their language. A week or month that the range cuts keeps its first day.
    Posts weigh, and evidence is asked for, as in the result of an analysis as of the end of the
    bucket. Raises InvalidBucketError for another bucket.
    """
    if bucket not in BUCKETS:
        raise InvalidBucketError(f'a timeline is by "day", "week" or "month", not by "{bucket}"')
    by_day: dict[date, list[ClassifiedPost]] = {}
    start, end = days.start, days.end
    for item in corrected_alike(posts):
        moment = item.post.created_at
        if (start and moment < start) or (end and moment >= end) or language(item, config) == 0:
            continue
        by_day.setdefault(days.day_of(moment), []).append(item)
    by_start: dict[date, list[ClassifiedPost]] = {}
    for day, items in by_day.items():
        by_start.setdefault(_first_day(day, bucket), []).extend(items)
    return [
        _bucket(first, _end(first, bucket, days), by_start[first], config)
        for first in sorted(by_start)
    ]


def _first_day(day: date, bucket: str) -> date:
    if bucket == "month":
        return day.replace(day=1)
    return day if bucket == "day" else day - timedelta(days=day.weekday())


def _end(first: date, bucket: str, days: DateRange) -> datetime:
    """Return the last moment of the bucket that begins on a day."""
    length = {"day": 1, "week": 7, "month": monthrange(first.year, first.month)[1]}[bucket]
    return start_of_day(first + timedelta(days=length), days.zone) - timedelta.resolution


def _bucket(
    start: date, end: datetime, items: Sequence[ClassifiedPost], config: ScoringConfig
) -> TimelineBucket:
    weights = without_copies(items, relative_weights(items, end, config))
    scores = weighted_mean([adjusted(item.counted, config) for item in items], weights)
    if scores is None:
        return TimelineBucket(start, len(items), None, None, None, None)
    enough = feeling_posts(items, weights) >= config.least_feeling_posts
    return TimelineBucket(
        start,
        len(items),
        scores,
        positivity(scores, config),
        negativity(scores, config),
        mood_of(scores, config) if enough else None,
    )
