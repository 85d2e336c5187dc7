"""Weights of posts, their weighted mean emotions, and every constant of scoring.

    weight(i) = owner(i) * recency(i) * activity(i) * language(i)
    recency   = 2 ** (-age_days / half_life), exponential decay
    score(e)  = sum_i weight(i) * p'(i, e) / sum_i weight(i)

where p' are the post's emotion probabilities after the irony shift. Each emotion has a valence
weight v, and neutral, the reference, has 0:

    positivity = sum of v(e) * score(e) over emotions of positive valence
    negativity = sum of -v(e) * score(e) over emotions of negative valence
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from operator import itemgetter, mul
from typing import Any

from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post


class UnknownPresetError(ValueError):
    """No preset has this name; the message lists those there are."""


class InvalidScoringError(ValueError):
    """Constants that make no configuration; the message names each field at fault."""


class RecencyForm(StrEnum):
    """How weight falls with age: by half-lives, or as numerator / (whole days + 1)."""

    HALF_LIFE = "half_life"
    WHOLE_DAYS = "whole_days"


class ActivityForm(StrEnum):
    """How weight grows with engagement: with its logarithm, or in proportion to it."""

    LOGARITHMIC = "logarithmic"
    LINEAR = "linear"


_LARGEST_VALENCE = 10.0
_LARGEST = 1e9
_LIMITS = {
    "anger_valence": (-_LARGEST_VALENCE, 0.0),
    "fear_valence": (-_LARGEST_VALENCE, 0.0),
    "sadness_valence": (-_LARGEST_VALENCE, 0.0),
    "joy_valence": (0.0, _LARGEST_VALENCE),
    "love_valence": (0.0, _LARGEST_VALENCE),
    "surprise_valence": (-_LARGEST_VALENCE, _LARGEST_VALENCE),
    "confidence_offset": (-_LARGEST, _LARGEST),
    "resamples": (0, 100_000),  # 200 times the default: an analysis must come to an end
}


@dataclass(frozen=True, slots=True)
class ScoringConfig:
    """Constants of scoring, mood and confidence.

    owner: own_weight for posts the user wrote, other_weight for shared and liked ones.
    recency: half_life_days is used by the half-life form, recency_numerator by the classic one.
    activity: base + scale * ln(1 + count), or base + scale * count, where count is the sum of the
    engagement, each kind times its factor.
    language: 1 for posts that are readable, other_language_weight for the others. Where that is
    0 they are left out; if fewer than least_read_posts are then left, and fewer than half of all,
    there is no mood.
    valence: how light (above 0) or heavy (below 0) an emotion counts. anger, fear and sadness are
    never above 0, joy and love never below; surprise may be either. One of 0 counts on no side.
    mood: heavy if negativity > heavy_factor * positivity; see api.domain.mood.moods for the rest.
    evidence: with fewer than least_feeling_posts posts that have a feeling in them (has_feeling)
    there is no mood.
    confidence_reading_error is the standard deviation of what a model misreads of the balance of
    light and heavy, however many the posts (api.domain.mood.confidence.evidence).
    confidence_offset, _slope, _log_posts, _feeling_power and _most_posts calibrate confidence; the
    formula is that of api.domain.mood.confidence.calibrated. The default's are fitted
    (export/COEFFICIENTS.md).
    draw_limit bounds the time that resampling takes (see api.domain.mood.confidence).
    Raises ValueError if a constant would make weights negative or undefined.
    """

    name: str = "default"
    own_weight: float = 0.75
    other_weight: float = 0.25
    recency_form: RecencyForm = RecencyForm.HALF_LIFE
    half_life_days: float = 14.0
    recency_numerator: float = 10.0
    activity_form: ActivityForm = ActivityForm.LOGARITHMIC
    activity_base: float = 1.0
    activity_scale: float = 1.0
    likes_factor: float = 1.0
    reposts_factor: float = 2.0
    replies_factor: float = 1.0
    quotes_factor: float = 1.0
    bookmarks_factor: float = 1.0
    impressions_factor: float = 0.01
    other_language_weight: float = 0.0
    least_read_posts: int = 5
    least_feeling_posts: int = 3
    irony_share: float = 0.5
    anger_valence: float = -1.0
    fear_valence: float = -1.0
    sadness_valence: float = -1.0
    joy_valence: float = 1.0
    love_valence: float = 1.0
    surprise_valence: float = 1.0
    heavy_factor: float = 1.0
    anger_factor: float = 2.0
    cheerful_factor: float = 4.0
    confidence_reading_error: float = 0.2
    confidence_offset: float = 0.161
    confidence_slope: float = 0.03
    confidence_log_posts: float = 0.265
    confidence_feeling_power: float = 1.0
    confidence_most_posts: float = 20.0
    tie_tolerance: float = 1e-9
    resamples: int = 500
    draw_limit: int = 1_000
    seed: int = 20_240_501
    stale_after_days: int = 60
    moved_most_count: int = 5

    def __post_init__(self) -> None:
        """Refuse constants that leave a formula undefined."""
        for field, value in self.to_dict().items():
            if isinstance(value, str):
                continue
            least, most = _LIMITS.get(field, (0, _LARGEST))
            if not least <= value <= most:
                raise ValueError(
                    f"{field} must be a number from {least:g} to {most:g}, not {value}"
                )
        for field in (
            "half_life_days",
            "recency_numerator",
            "resamples",
            "draw_limit",
            "confidence_most_posts",
        ):
            if getattr(self, field) == 0:
                raise ValueError(f"{field} must be greater than 0")
        if self.irony_share > 1:
            raise ValueError(f"irony_share must be between 0 and 1, not {self.irony_share}")

    def to_dict(self) -> dict[str, Any]:
        """Return the constants as JSON values, to be stored with each result."""
        return {
            field: value.value if isinstance(value, StrEnum) else value
            for field, value in asdict(self).items()
        }


DEFAULT = ScoringConfig()

CLASSIC = ScoringConfig(
    name="classic",
    recency_form=RecencyForm.WHOLE_DAYS,
    activity_form=ActivityForm.LINEAR,
    activity_base=0.0,
    activity_scale=7.0,
    reposts_factor=1.0,
    replies_factor=0.0,
    quotes_factor=0.0,
    bookmarks_factor=0.0,
    impressions_factor=0.0,
    other_language_weight=1.0,
    least_feeling_posts=0,
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
    confidence_slope=1.0,
    confidence_log_posts=0.0,
    confidence_feeling_power=0.0,
)
"""The original weights: 10 / (whole days + 1) and 7 * (likes + reposts), owner 0.75 / 0.25.

A post that nobody liked or reposted has weight 0 here; if all have, there is no mood and the result
gives the reason. Posts in any language count alike, and one post is enough for a mood. The rule of
mood is the original one, whatever the default has been fitted to.
"""

PRESETS: Mapping[str, ScoringConfig] = {preset.name: preset for preset in (DEFAULT, CLASSIC)}


def preset(name: str) -> ScoringConfig:
    """Return the preset of that name. Raises UnknownPresetError."""
    try:
        return PRESETS[name]
    except KeyError:
        known = " or ".join(f'"{each}"' for each in PRESETS)
        raise UnknownPresetError(f'no scoring is called "{name}": use {known}') from None


_SECONDS_A_DAY = 86_400


def config_of(values: object) -> ScoringConfig:
    """Return the configuration of JSON values; constants that are not given are the default's.

    values is an object such as to_dict returns. It has a name of its own, so that a result tells
    which constants made it. Raises InvalidScoringError.
    """
    if not isinstance(values, Mapping):
        raise InvalidScoringError('it must be an object such as {"name": "ours", ...}')
    types = {each.name: type(getattr(DEFAULT, each.name)) for each in fields(ScoringConfig)}
    if faults := [fault for field in values if (fault := _fault(field, values[field], types))]:
        raise InvalidScoringError("; ".join(faults))
    name = values.get("name", "").strip()
    if not name or name in PRESETS:
        raise InvalidScoringError(
            f"name must be a text of your own, not {' or '.join(PRESETS)}, so that results tell"
            " which scoring they have"
        )
    try:
        return ScoringConfig(**{field: types[field](values[field]) for field in values})
    except OverflowError as error:
        raise InvalidScoringError(f"a number is larger than {_LARGEST:g}") from error
    except ValueError as error:
        raise InvalidScoringError(str(error)) from error


def _fault(field: Any, value: Any, types: Mapping[str, type]) -> str | None:
    """Return what is wrong with a field of a configuration, None if it has the right type."""
    if field not in types:
        near = get_close_matches(str(field), types, n=1)
        return f"there is no {field}" + (f" (is it {near[0]}?)" if near else "")
    expected = types[field]
    if issubclass(expected, StrEnum):
        allowed = tuple(expected)
        known = isinstance(value, str) and value in allowed
        return None if known else f"{field} must be {' or '.join(allowed)}, not {value!r}"
    if expected is str:
        return None if isinstance(value, str) else f"{field} must be a text, not {value!r}"
    kinds = (int,) if expected is int else (int, float)
    if isinstance(value, kinds) and not isinstance(value, bool):
        return None
    return f"{field} must be a {'whole ' if expected is int else ''}number, not {value!r}"


def positivity(scores: Mapping[str, float], config: ScoringConfig) -> float:
    """Return the sum of valence * score over the emotions of positive valence."""
    return (
        config.joy_valence * scores["joy"]
        + config.love_valence * scores["love"]
        + max(0.0, config.surprise_valence) * scores["surprise"]
    )


def negativity(scores: Mapping[str, float], config: ScoringConfig) -> float:
    """Return the sum of -valence * score over the emotions of negative valence."""
    return (
        -config.anger_valence * scores["anger"]
        - config.fear_valence * scores["fear"]
        - config.sadness_valence * scores["sadness"]
        + max(0.0, -config.surprise_valence) * scores["surprise"]
    )


def has_feeling(classification: Classification) -> bool:
    """Return whether a post's classification finds an emotion more probable than neutral.

    Only such posts are evidence for a mood: a neutral post says how little feeling there is, not
    which. The probabilities are those before the irony shift.
    """
    scores = classification.scores
    return max(scores.values()) > scores["neutral"]


def feeling_posts(posts: Sequence[ClassifiedPost], weights: Sequence[float]) -> int:
    """Return how many of the posts have a weight and a feeling in them."""
    return sum(
        weight > 0 and has_feeling(item.counted)
        for item, weight in zip(posts, weights, strict=True)
    )


def age_days(post: Post, as_of: datetime) -> float:
    """Return how many days before as_of the post was made; 0 if it was made later."""
    return max(0.0, (as_of - post.created_at).total_seconds() / _SECONDS_A_DAY)


def owner(post: Post, config: ScoringConfig) -> float:
    """Return own_weight if the user wrote the post, other_weight if shared or liked."""
    return config.own_weight if post.ownership is Ownership.OWN else config.other_weight


def recency(age: float, config: ScoringConfig) -> float:
    """Return 2 ** (-age / half life), or 10 / (whole days + 1) in the classic form; age in days."""
    if config.recency_form is RecencyForm.HALF_LIFE:
        return float(2.0 ** (-age / config.half_life_days))
    return config.recency_numerator / (math.floor(age) + 1)


def activity(engagement: Engagement, config: ScoringConfig) -> float:
    """Return base + scale * ln(1 + count), or base + scale * count in the linear form."""
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


def language(item: ClassifiedPost, config: ScoringConfig) -> float:
    """Return 1 if the post's emotion can be told (readable), else other_language_weight."""
    return 1.0 if item.readable else config.other_language_weight


def timeless_weight(item: ClassifiedPost, config: ScoringConfig) -> float:
    """Return the weight of a post without recency."""
    of_owner = owner(item.post, config)
    return of_owner * activity(item.post.engagement, config) * language(item, config)


def relative_weights(
    posts: Sequence[ClassifiedPost], as_of: datetime, config: ScoringConfig
) -> list[float]:
    """Return the weights of the posts, in their order, up to one common factor.

    With a half-life, the age of the newest post that has a weight is first subtracted from every
    age. This multiplies all weights by the same 2 ** (offset / half_life), which cancels in scores
    and shares, and keeps an archive that ends decades ago from underflowing to 0 / 0. The classic
    form has no such factor and does not underflow.
    """
    timeless = [timeless_weight(item, config) for item in posts]
    ages = [age_days(item.post, as_of) for item in posts]
    offset = 0.0
    if config.recency_form is RecencyForm.HALF_LIFE:
        weighted = (age for age, weight in zip(ages, timeless, strict=True) if weight > 0)
        offset = min(weighted, default=0.0)
    return [
        weight * recency(age - offset, config) if weight > 0 else 0.0
        for age, weight in zip(ages, timeless, strict=True)
    ]


def adjusted(classification: Classification, config: ScoringConfig) -> dict[str, float]:
    """Return the emotion probabilities after the irony shift; their sum stays the same.

    A share irony_share * irony of joy, of love, and of surprise if its valence is above 0, moves to
    anger, fear and sadness, in proportion to them. If all three are zero, it is split evenly: their
    sum is then the limit of the formula as the three go to zero together.
    """
    scores = classification.scores
    share = config.irony_share * classification.irony
    # Written out: in loops this was a fifth of the time of a result.
    anger, fear, sadness = scores["anger"], scores["fear"], scores["sadness"]
    joy, love, surprise = scores["joy"], scores["love"], scores["surprise"]
    taken_of_surprise = share if config.surprise_valence > 0 else 0.0
    moved = share * (joy + love) + taken_of_surprise * surprise
    total = anger + fear + sadness
    if total > 0:
        anger += moved * (anger / total)
        fear += moved * (fear / total)
        sadness += moved * (sadness / total)
    else:
        anger = fear = sadness = moved / 3
    return {
        "anger": anger,
        "fear": fear,
        "joy": joy * (1 - share),
        "love": love * (1 - share),
        "sadness": sadness,
        "surprise": surprise * (1 - taken_of_surprise),
        "neutral": scores["neutral"],
    }


def weighted_mean(
    probabilities: Sequence[Mapping[str, float]], weights: Sequence[float]
) -> dict[str, float] | None:
    """Return the weighted mean of each emotion, or None if the weights sum to 0.

    math.fsum rounds once, so the result does not depend on the order of the posts.
    """
    total = math.fsum(weights)
    if total <= 0:
        return None
    if len(probabilities) != len(weights):
        raise ValueError("there must be one weight per post")
    shares = [weight / total for weight in weights]
    return {
        emotion: math.fsum(map(mul, map(itemgetter(emotion), probabilities), shares))
        for emotion in EMOTIONS
    }
