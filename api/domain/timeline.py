"""A user's emotions over time, by day or by week."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from api.domain.moods import Mood, labelled, mood_of
from api.domain.posts import ClassifiedPost
from api.domain.scoring import (
    ScoringConfig,
    adjusted,
    corrected_alike,
    feeling_posts,
    language,
    negativity,
    positivity,
    relative_weights,
    weighted_mean,
    without_copies,
)

BUCKETS = ("day", "week")


class InvalidBucketError(ValueError):
    """A timeline bucket other than "day" or "week"."""


@dataclass(frozen=True, slots=True)
class TimelineBucket:
    """Emotions of one day or week.

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
    posts: Sequence[ClassifiedPost], bucket: str, config: ScoringConfig
) -> list[TimelineBucket]:
    """Return the days or weeks that have posts, oldest first; days are UTC.

    bucket is "day" or "week" (ISO weeks start on Monday). Empty ones are left out, since an
    archive may span decades, and so are posts that the scoring leaves out for their language.
    Posts weigh, and evidence is asked for, as in the result of an analysis as of the end of the
    bucket. Raises InvalidBucketError for another bucket.
    """
    if bucket not in BUCKETS:
        raise InvalidBucketError(f'a timeline is by "day" or by "week", not by "{bucket}"')
    by_start: dict[date, list[ClassifiedPost]] = {}
    for item in corrected_alike(posts):
        if language(item, config) == 0:
            continue
        by_start.setdefault(_start(item.post.created_at, bucket), []).append(item)
    length = timedelta(days=1 if bucket == "day" else 7)
    return [_bucket(start, length, by_start[start], config) for start in sorted(by_start)]


def _start(moment: datetime, bucket: str) -> date:
    day = moment.astimezone(UTC).date()
    return day if bucket == "day" else day - timedelta(days=day.weekday())


def _bucket(
    start: date, length: timedelta, items: Sequence[ClassifiedPost], config: ScoringConfig
) -> TimelineBucket:
    end = datetime.combine(start, time(), UTC) + length - timedelta.resolution
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
