"""Posts, emotions, classifications and mood results for tests."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post
from api.domain.results import MoodResult, mood_result
from api.domain.scoring import DEFAULT, ScoringConfig

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
ANY_EVIDENCE = replace(DEFAULT, least_feeling_posts=0)
"""The default, but that one post is enough for a mood."""

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
