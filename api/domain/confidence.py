"""Measure how sure a mood is: effective sample size and a weighted bootstrap."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

from api.domain.moods import mood_of
from api.domain.scoring import positivity, weighted_mean
from api.domain.scoring_config import ScoringConfig

_FRACTION_BITS = 40
_FIELD_BITS = 80
"""Room for a sum of 2 ** 39 probabilities, far above any draw limit."""
_SLOT_BYTES = 2
_SLOTS = 1 << (8 * _SLOT_BYTES)


def effective_sample_size(weights: Sequence[float]) -> float:
    """Return (sum w) ** 2 / sum w ** 2, Kish's effective sample size; 0 without any weight.

    It is the number of equal-weight posts that would say as much: between 1 and len(weights).
    """
    largest = max(weights, default=0.0)
    if largest <= 0:
        return 0.0
    # Relative to the largest, so that squares neither overflow nor vanish.
    shares = [weight / largest for weight in weights]
    return math.fsum(shares) ** 2 / math.fsum(share * share for share in shares)


def confidence(
    probabilities: Sequence[Mapping[str, float]],
    weights: Sequence[float],
    config: ScoringConfig,
) -> float | None:
    """Return the share of bootstrap resamples that give the same mood as all posts together.

    probabilities are per post, after the irony shift; the result depends on their order, so sort
    first. Returns None where no post weighs anything.

    Each of config.resamples resamples draws posts with probability proportional to weight and
    takes their plain mean. It draws round(effective sample size) posts, not len(weights): weight
    says how much a post counts, not that it was observed more often, and thousands of draws among
    posts of which five carry the weight would overstate certainty.

    Above config.draw_limit draws, that many are made, and each resample's distance from the mean
    is shrunk by sqrt(draw_limit / draws), as the spread of a mean falls with the square root of
    its size (the m out of n bootstrap: Bickel, Goetze and van Zwet, 1997). So time is bounded.
    """
    mean = weighted_mean(probabilities, weights)
    if mean is None:
        return None
    wanted = max(1, round(effective_sample_size(weights)))
    draws = min(wanted, config.draw_limit)
    shrink = math.sqrt(draws / wanted)
    slots = _slots(weights)
    packed = [(_pack(_parts(probabilities[place])), count) for place, count in slots]
    table: list[int] = []
    for value, count in packed:
        table.extend([value] * count)
    centre = _parts(mean)
    table_mean = _unpack(sum(value * count for value, count in packed), _SLOTS)
    mood = mood_of(mean, config)
    generator = random.Random(config.seed)  # noqa: S311 - repeatable resampling, not a secret
    agreeing = 0
    for _ in range(config.resamples):
        # Two random bytes are a place in the table: no draw passes through Python code.
        places = memoryview(generator.randbytes(_SLOT_BYTES * draws)).cast("H")
        drawn = _unpack(sum(map(table.__getitem__, places)), draws)
        resampled = [
            middle + (value - expected) * shrink
            for middle, value, expected in zip(centre, drawn, table_mean, strict=True)
        ]
        agreeing += mood_of(_scores(resampled), config) is mood
    return agreeing / config.resamples


def _slots(weights: Sequence[float]) -> list[tuple[int, int]]:
    """Share _SLOTS slots among posts by weight: (place, count) of each that gets one.

    An even draw from a table of these slots is a weighted draw without a binary search, four times
    as fast. Shares are rounded to one slot; measuring resamples from the table's own mean takes out
    what little that shifts. Most posts of a long timeline are so old that they get none, and so
    cost nothing from here on.
    """
    cumulative = list(accumulate(weights))
    total = cumulative[-1]
    ends = [math.floor(reached / total * _SLOTS + 0.5) for reached in cumulative]
    starts = chain((0,), ends)
    return [
        (place, end - start)
        for place, (start, end) in enumerate(zip(starts, ends, strict=False))
        if end > start
    ]


def _parts(scores: Mapping[str, float]) -> tuple[float, float, float, float]:
    """Return what a mood is decided by: positivity, anger, fear, sadness."""
    return (positivity(scores), scores["anger"], scores["fear"], scores["sadness"])


def _scores(parts: Sequence[float]) -> dict[str, float]:
    """Return scores with these parts; all positivity stands under joy, as only its sum counts."""
    positive, anger, fear, sadness = parts
    return {
        "joy": positive,
        "love": 0.0,
        "surprise": 0.0,
        "anger": anger,
        "fear": fear,
        "sadness": sadness,
    }


def _pack(parts: Sequence[float]) -> int:
    """Put fixed-point parts side by side in one integer, so that one addition adds them all.

    Summing a resample is most of the work; this makes it one sum() over integers. Rounding is
    below 2 ** -40, less than the tolerance for ties.
    """
    return sum(
        round(part * (1 << _FRACTION_BITS)) << (_FIELD_BITS * place)
        for place, part in enumerate(parts)
    )


def _unpack(total: int, draws: int) -> list[float]:
    """Return the means of the four parts from the sum of `draws` packed integers."""
    mask = (1 << _FIELD_BITS) - 1
    scale = draws << _FRACTION_BITS
    return [((total >> (_FIELD_BITS * place)) & mask) / scale for place in range(4)]
