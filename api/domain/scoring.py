"""Weigh posts and average their emotions (DESIGN section 4).

    weight(i) = owner(i) * recency(i) * activity(i)
    score(e)  = sum_i weight(i) * p'(i, e) / sum_i weight(i)

where p' are the post's emotion probabilities after the irony shift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter, mul

from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post
from api.domain.scoring_config import ActivityForm, RecencyForm, ScoringConfig

NEGATIVE = ("anger", "fear", "sadness")

_SECONDS_A_DAY = 86_400


def positivity(scores: Mapping[str, float]) -> float:
    """Return joy + love + surprise."""
    return scores["joy"] + scores["love"] + scores["surprise"]


def negativity(scores: Mapping[str, float]) -> float:
    """Return anger + fear + sadness."""
    return scores["anger"] + scores["fear"] + scores["sadness"]


def age_days(post: Post, as_of: datetime) -> float:
    """Return how many days before as_of the post was made; 0 where it was made later."""
    return max(0.0, (as_of - post.created_at).total_seconds() / _SECONDS_A_DAY)


def owner(post: Post, config: ScoringConfig) -> float:
    """Return own_weight where the user wrote the post, other_weight where shared or liked."""
    return config.own_weight if post.ownership is Ownership.OWN else config.other_weight


def recency(age: float, config: ScoringConfig) -> float:
    """Return 2 ** (-age / half life), or 10 / (whole days + 1) in the classic form; age in days."""
    if config.recency_form is RecencyForm.HALF_LIFE:
        return float(2.0 ** (-age / config.half_life_days))
    return config.recency_numerator / (math.floor(age) + 1)


def activity(engagement: Engagement, config: ScoringConfig) -> float:
    """Return base + scale * ln(1 + count), or base + scale * count in the linear form.

    count is the sum of the engagement, each kind times its coefficient.
    """
    count = (
        config.likes_factor * engagement.likes
        + config.reposts_factor * engagement.reposts
        + config.replies_factor * engagement.replies
        + config.quotes_factor * engagement.quotes
        + config.bookmarks_factor * engagement.bookmarks
        + config.impressions_factor * engagement.impressions
    )
    grown = math.log1p(count) if config.activity_form is ActivityForm.LOGARITHMIC else count
    return config.activity_base + config.activity_scale * grown


def weight(post: Post, as_of: datetime, config: ScoringConfig) -> float:
    """Return owner * recency * activity of one post, as the formula stands.

    A post of decades ago may come out as 0.0 here (2 ** -1100 is below every float); use
    relative_weights to average posts.
    """
    recent = recency(age_days(post, as_of), config)
    return owner(post, config) * recent * activity(post.engagement, config)


def relative_weights(
    posts: Sequence[ClassifiedPost], as_of: datetime, config: ScoringConfig
) -> list[float]:
    """Return weights of the posts, in their order, right up to one common factor.

    With a half-life every age is first lowered by that of the newest post that weighs anything.
    This multiplies all weights by the same 2 ** (offset / half life), which cancels in scores and
    shares, and keeps an archive that ends forty years ago from becoming 0 / 0. The classic form
    has no such factor and does not underflow, so it is left alone.
    """
    standing = [owner(item.post, config) * activity(item.post.engagement, config) for item in posts]
    ages = [age_days(item.post, as_of) for item in posts]
    offset = 0.0
    if config.recency_form is RecencyForm.HALF_LIFE:
        counting = (age for age, weighs in zip(ages, standing, strict=True) if weighs > 0)
        offset = min(counting, default=0.0)
    return [
        weighs * recency(age - offset, config) if weighs > 0 else 0.0
        for age, weighs in zip(ages, standing, strict=True)
    ]


def adjusted(classification: Classification, config: ScoringConfig) -> dict[str, float]:
    """Return the emotion probabilities after the irony shift; their sum stays the same.

    A share irony_share * irony of each positive probability moves to the negative emotions, in
    proportion to them. Where all three are zero there is no proportion to follow, and what moves
    is split evenly: positivity and negativity then are what they tend to as the three shrink.
    """
    scores = classification.scores
    share = config.irony_share * classification.irony
    moved = share * positivity(scores)
    total = negativity(scores)
    # Written out: in loops this was a fifth of the time of a result.
    if total > 0:
        anger, fear, sadness = scores["anger"], scores["fear"], scores["sadness"]
        anger += moved * (anger / total)
        fear += moved * (fear / total)
        sadness += moved * (sadness / total)
    else:
        anger = fear = sadness = moved / len(NEGATIVE)
    return {
        "anger": anger,
        "fear": fear,
        "joy": scores["joy"] * (1 - share),
        "love": scores["love"] * (1 - share),
        "sadness": sadness,
        "surprise": scores["surprise"] * (1 - share),
        "neutral": scores["neutral"],
    }


def weighted_mean(
    probabilities: Sequence[Mapping[str, float]], weights: Sequence[float]
) -> dict[str, float] | None:
    """Return the weighted mean of each emotion, or None where the weights add up to nothing.

    math.fsum rounds once, so the result does not depend on the order of the posts.
    """
    total = math.fsum(weights)
    if total <= 0:
        return None
    if len(probabilities) != len(weights):
        raise ValueError("there must be one weight a post")
    shares = [weight / total for weight in weights]
    return {
        emotion: math.fsum(map(mul, map(itemgetter(emotion), probabilities), shares))
        for emotion in EMOTIONS
    }


def emotion_scores(
    posts: Sequence[ClassifiedPost], as_of: datetime, config: ScoringConfig
) -> dict[str, float] | None:
    """Return score(e) for each emotion, summing to 1; None where no post weighs anything."""
    shifted = [adjusted(item.classification, config) for item in posts]
    return weighted_mean(shifted, relative_weights(posts, as_of, config))
