"""What a picture of a mood shows, before it is drawn: words, bars and a timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from api.domain.mood.moods import SUMMARIES, Mood
from api.domain.mood.results import confidence_words
from api.domain.mood.scoring import ScoringConfig
from api.domain.mood.timeline import TimelineBucket

_MOST_DAYS = timedelta(days=62)
_MOST_WEEKS = timedelta(weeks=110)


class Theme(StrEnum):
    """The colours of a picture: dark on light, or light on dark."""

    LIGHT = "light"
    DARK = "dark"


class Valence(StrEnum):
    """Whether a feeling is a lighter or a heavier one, or neither."""

    LIGHTER = "lighter"
    HEAVIER = "heavier"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Bar:
    """A feeling and its share of all, between 0 and 1."""

    emotion: str
    share: float
    valence: Valence


@dataclass(frozen=True, slots=True)
class MoodPicture:
    """The picture of a user's mood; bars go from the largest to the smallest.

    buckets are days, weeks or months (`bucket`), oldest first, each with posts.
    """

    user_name: str
    mood: Mood
    sentence: str
    facts: str
    as_of: date
    bars: tuple[Bar, ...]
    bucket: str
    buckets: tuple[TimelineBucket, ...]


def bucket_for(result: Mapping[str, Any]) -> str:
    """Return the bucket by which a timeline of the posts of a result has few enough to be seen."""
    oldest, newest = (
        datetime.fromisoformat(result[name]) for name in ("oldest_post_at", "newest_post_at")
    )
    if newest - oldest <= _MOST_DAYS:
        return "day"
    return "week" if newest - oldest <= _MOST_WEEKS else "month"


def mood_picture(
    user_name: str,
    result: Mapping[str, Any],
    bucket: str,
    buckets: Sequence[TimelineBucket],
    config: ScoringConfig,
) -> MoodPicture:
    """Return the picture of a result, as JSON values, that has a mood."""
    mood = Mood(result["mood"])
    bars = [
        Bar(emotion, share, _valence(emotion, config))
        for emotion, share in sorted(result["scores"].items(), key=lambda item: (-item[1], item[0]))
    ]
    count = result["posts"]["total"]
    return MoodPicture(
        user_name=user_name,
        mood=mood,
        sentence=SUMMARIES[mood],
        facts=f"{count:,} {'post' if count == 1 else 'posts'}, "
        f"{confidence_words(result['mood'], result['confidence'])}",
        as_of=datetime.fromisoformat(result["as_of"]).date(),
        bars=tuple(bars),
        bucket=bucket,
        buckets=tuple(each for each in buckets if each.scores is not None),
    )


def _valence(emotion: str, config: ScoringConfig) -> Valence:
    valence = 0.0 if emotion == "neutral" else getattr(config, f"{emotion}_valence")
    if valence == 0:
        return Valence.NEITHER
    return Valence.LIGHTER if valence > 0 else Valence.HEAVIER
