"""Confidence in a mood: effective sample size and weighted resampling of posts."""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from api.domain.moods import mood_of
from api.domain.scoring import ScoringConfig, positivity, weighted_mean

_FRACTION_BITS = 40
_FIELD_BITS = 80
"""Bits per packed number: enough for a sum of 2 ** 39 probabilities, far above any draw limit."""
_SLOT_BYTES = 2
_SLOTS = 1 << (8 * _SLOT_BYTES)


def effective_sample_size(weights: Sequence[float]) -> float:
    """Return (sum w) ** 2 / sum w ** 2, between 1 and len(weights); 0 if no weight is positive.

    The number of equally weighted posts whose mean is as precise (Kish, "Survey Sampling", 1965).
    """
    largest = max(weights, default=0.0)
    if largest <= 0:
        return 0.0
    # Relative to the largest, so that squares neither overflow nor underflow.
    shares = [weight / largest for weight in weights]
    return math.fsum(shares) ** 2 / math.fsum(share * share for share in shares)


def confidence(
    probabilities: Sequence[Mapping[str, float]], weights: Sequence[float], config: ScoringConfig
) -> float | None:
    """Return the share of resamples that give the same mood as all posts together.

    probabilities are per post, after the irony shift; the result depends on their order, so sort
    first. Returns None if no post has a weight.

    Each of config.resamples resamples draws posts with replacement (Efron, 1979), with probability
    proportional to weight, and takes their plain mean. It draws round(effective sample size) posts,
    not len(weights): a weight says how much a post counts, not that it was observed more often, so
    thousands of draws among posts of which five have nearly all the weight would overstate the
    confidence.

    At most config.draw_limit posts are drawn, which bounds the time. Each resample's distance from
    the mean is then multiplied by sqrt(draw_limit / draws wanted), because the spread of a mean
    falls with the square root of the sample size (m out of n resampling: Bickel, Goetze and van
    Zwet, 1997).
    """
    mean = weighted_mean(probabilities, weights)
    if mean is None:
        return None
    wanted = max(1, round(effective_sample_size(weights)))
    draws = min(wanted, config.draw_limit)
    shrink = math.sqrt(draws / wanted)
    slots = _slots(weights)
    packed = [(_pack(_parts(probabilities[index])), count) for index, count in slots]
    table: list[int] = []
    for value, count in packed:
        table.extend([value] * count)
    centre = _parts(mean)
    table_mean = _unpack(sum(value * count for value, count in packed), _SLOTS)
    mood = mood_of(mean, config)
    generator = random.Random(config.seed)  # noqa: S311 - repeatable resampling, not a secret
    agreeing = 0
    for _ in range(config.resamples):
        # Two random bytes are an index into the table, so no draw runs Python code.
        indices = memoryview(generator.randbytes(_SLOT_BYTES * draws)).cast("H")
        drawn = _unpack(sum(map(table.__getitem__, indices)), draws)
        resampled = [
            middle + (value - expected) * shrink
            for middle, value, expected in zip(centre, drawn, table_mean, strict=True)
        ]
        agreeing += mood_of(_scores(resampled), config) is mood
    return agreeing / config.resamples


def _slots(weights: Sequence[float]) -> list[tuple[int, int]]:
    """Divide _SLOTS slots among posts by weight: (index, count) of each post that gets any.

    A uniform draw from a table of these slots is a weighted draw without a binary search, four
    times as fast. Shares are rounded to whole slots; measuring resamples from the table's own mean
    corrects for that. Most posts of a long timeline are so old that they get no slot and cost no
    further time.
    """
    cumulative = list(accumulate(weights))
    total = cumulative[-1]
    ends = [math.floor(reached / total * _SLOTS + 0.5) for reached in cumulative]
    return [
        (index, end - start)
        for index, (start, end) in enumerate(pairwise((0, *ends)))
        if end > start
    ]


def _parts(scores: Mapping[str, float]) -> tuple[float, float, float, float]:
    """Return the parts that decide a mood: positivity, anger, fear, sadness."""
    return (positivity(scores), scores["anger"], scores["fear"], scores["sadness"])


def _scores(parts: Sequence[float]) -> dict[str, float]:
    """Return scores with these parts, all positivity as joy, since only its sum matters."""
    parts_by_name = zip(("joy", "anger", "fear", "sadness"), parts, strict=True)
    return {"love": 0.0, "surprise": 0.0, **dict(parts_by_name)}


def _pack(parts: Sequence[float]) -> int:
    """Pack fixed-point parts into one integer, so that one addition adds them all.

    Summing a resample is most of the work; this makes it one sum() over integers. Rounding is
    below 2 ** -40, less than the tolerance for ties.
    """
    return sum(
        round(part * (1 << _FRACTION_BITS)) << (_FIELD_BITS * index)
        for index, part in enumerate(parts)
    )


def _unpack(total: int, draws: int) -> list[float]:
    """Return the means of the four parts from the sum of `draws` packed integers."""
    mask = (1 << _FIELD_BITS) - 1
    scale = draws << _FRACTION_BITS
    return [((total >> (_FIELD_BITS * index)) & mask) / scale for index in range(4)]
