"""Posts, emotions, classifications and mood results for tests."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from api.domain.mood.results import MoodResult, mood_result
from api.domain.mood.scoring import ScoringConfig
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
WORKED = ScoringConfig(
    name="worked",
    own_weight=0.75,
    other_weight=0.25,
    half_life_days=14.0,
    least_read_posts=5,
    least_feeling_posts=3,
    irony_share=0.5,
    anger_valence=-1.0,
    fear_valence=-1.0,
    sadness_valence=-1.0,
    joy_valence=1.0,
    love_valence=1.0,
    surprise_valence=1.0,
    heavy_factor=1.0,
    anger_factor=2.0,
    cheerful_factor=1.5,
    confidence_reading_error=0.0,
    confidence_offset=0.0,
    confidence_slope=0.25,
    confidence_log_posts=0.5,
    confidence_feeling_power=0.25,
)
"""Constants by which examples are worked out by hand; the default's are refitted with a model."""

ANY_EVIDENCE = replace(WORKED, least_feeling_posts=0)
"""The same, but that one post is enough for a mood."""

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def emotions(**given: float) -> dict[str, float]:
    return {emotion: given.get(emotion, 0.0) for emotion in EMOTIONS}


def post(
    post_id: str = "1",
    *,
    days_old: float = 0.0,
    ownership: Ownership = Ownership.OWN,
    engagement: Engagement | None = None,
    language: str | None = None,
    hashtags: tuple[str, ...] = (),
) -> Post:
    return Post(
        post_id,
        f"text of {post_id}",
        NOW - timedelta(days=days_old),
        ownership,
        engagement or Engagement(),
        language,
        hashtags,
    )


def posts(count: int, *, word: str = "joy", start: int = 0) -> list[Post]:
    """Return posts an hour apart whose texts contain a word that the fake classifier knows."""
    return [
        Post(str(n), f"post {n} full of {word}", FIRST_DAY + timedelta(hours=n))
        for n in range(start, start + count)
    ]


def said(*, irony: float = 0.0, **given: float) -> Classification:
    scores = emotions(**given)
    label = max(scores, key=lambda emotion: scores[emotion])
    return Classification(label, scores, irony=irony, tokens=5, truncated=False)


def classified(of: Post | None = None, *, irony: float = 0.0, **given: float) -> ClassifiedPost:
    return ClassifiedPost(of or post(), said(irony=irony, **given))


def result_of(
    posts: Iterable[ClassifiedPost],
    config: ScoringConfig = ANY_EVIDENCE,
    *,
    as_of: datetime = NOW,
    now: datetime = NOW,
) -> MoodResult:
    return mood_result(list(posts), as_of=as_of, now=now, config=config, model="tiny@1")
