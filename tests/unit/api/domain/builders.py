"""Build posts for the tests of the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.domain.posts import (
    EMOTIONS,
    Classification,
    ClassifiedPost,
    Engagement,
    Ownership,
    Post,
)

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def emotions(**given: float) -> dict[str, float]:
    """Return all seven emotions, zero where not given."""
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
    """Return a post made `days_old` days before NOW."""
    return Post(
        post_id=post_id,
        text=f"text of {post_id}",
        created_at=NOW - timedelta(days=days_old),
        ownership=ownership,
        engagement=engagement or Engagement(),
        language=language,
        hashtags=hashtags,
    )


def said(*, irony: float = 0.0, **given: float) -> Classification:
    """Return a classification with these emotions."""
    scores = emotions(**given)
    label = max(scores, key=lambda emotion: scores[emotion])
    return Classification(label, scores, irony=irony, tokens=5, truncated=False)


def classified(of: Post | None = None, **given: float) -> ClassifiedPost:
    """Return a post (post "1" by default) with these emotions."""
    return ClassifiedPost(of or post(), said(**given))
