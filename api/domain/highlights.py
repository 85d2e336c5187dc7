"""Pick the posts that stand out in a result: happiest, saddest, and those that moved it most."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.domain.posts import ClassifiedPost, Ownership, Post
from api.domain.scoring import negativity, positivity


@dataclass(frozen=True, slots=True)
class EmotionPeak:
    """Hold the own post with the highest probability of one emotion, after the irony shift."""

    post: Post
    emotion: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            **_identity(self.post),
            "emotion": self.emotion,
            "probability": self.probability,
        }


@dataclass(frozen=True, slots=True)
class Influence:
    """Hold how far one post moved the mood.

    weight_share is its weight over that of all posts; contribution is weight_share * (positivity -
    negativity) of the post after the irony shift. Contributions of all posts add up to the
    positivity - negativity of the result, so they say who tipped the balance, and how far.
    """

    post: Post
    weight_share: float
    contribution: float

    @property
    def direction(self) -> str:
        """Return "positive" or "negative", the side to which the post moved the mood."""
        return "positive" if self.contribution > 0 else "negative"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            **_identity(self.post),
            "ownership": self.post.ownership.value,
            "weight_share": self.weight_share,
            "contribution": self.contribution,
            "direction": self.direction,
        }


def peak(
    emotion: str, posts: Sequence[ClassifiedPost], probabilities: Sequence[Mapping[str, float]]
) -> EmotionPeak | None:
    """Return the own post highest in the emotion, the newer of two equals; None without one.

    Weight plays no part: it is about the post, not about how much it counts.
    """
    own = [
        (of_post[emotion], item.post.created_at, item.post.post_id, item.post)
        for item, of_post in zip(posts, probabilities, strict=True)
        if item.post.ownership is Ownership.OWN
    ]
    if not own:
        return None
    probability, _, _, post = max(own, key=lambda entry: entry[:3])
    return EmotionPeak(post, emotion, probability)


def moved_most(
    posts: Sequence[ClassifiedPost],
    probabilities: Sequence[Mapping[str, float]],
    weights: Sequence[float],
    count: int,
) -> tuple[Influence, ...]:
    """Return up to `count` posts of the largest contribution either way, largest first.

    Posts that moved nothing (no weight, or as light as heavy) are left out; the newer of two
    equals comes first.
    """
    total = math.fsum(weights)
    if total <= 0:
        return ()
    moving = []
    for item, each, weight in zip(posts, probabilities, weights, strict=True):
        share = weight / total
        contribution = share * (positivity(each) - negativity(each))
        if contribution != 0:
            newness = (item.post.created_at, item.post.post_id)
            moving.append((abs(contribution), newness, item.post, share, contribution))
    largest = heapq.nlargest(count, moving, key=lambda entry: entry[:2])
    return tuple(Influence(post, share, moved) for _, _, post, share, moved in largest)


def _identity(post: Post) -> dict[str, Any]:
    return {
        "post_id": post.post_id,
        "text": post.text,
        "created_at": post.created_at.isoformat(),
    }
