"""Confidence in a mood: weighted resampling of the posts with a feeling, then calibration.

It is the probability that the side of the mood, heavy or light, is the right one: which mood of a
side it is turns on arousal, which can hardly be read from text (export/COEFFICIENTS.md).
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, pairwise

from api.domain.mood.copies import without_repeats
from api.domain.mood.moods import leans_heavy
from api.domain.mood.scoring import (
    ScoringConfig,
    has_feeling,
    negativity,
    positivity,
    weighted_mean,
)
from api.domain.posts import ClassifiedPost

_FRACTION_BITS = 40
_FIELD_BITS = 80
"""Bits per packed number: enough for a sum of 2 ** 39 probabilities, far above any draw limit."""
_SLOT_BYTES = 2
_SLOTS = 1 << (8 * _SLOT_BYTES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the posts with a feeling in them say for a mood.

    agreement is the share of resamples on the side of the mood, heavy or light, each read with an
    error; effective_posts is the effective sample size of the posts with a feeling; feeling_share
    is their share of the weight of all posts.
    """

    agreement: float
    effective_posts: float
    feeling_share: float


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


def evidence_of(
    posts: Sequence[ClassifiedPost],
    probabilities: Sequence[Mapping[str, float]],
    weights: Sequence[float],
    config: ScoringConfig,
) -> Evidence | None:
    """Return the evidence of posts for the side of their mood; None if none has a weight.

    posts are corrected alike (copies.corrected_alike), and probabilities are theirs after the
    irony shift. A text is one piece of evidence however often it was posted
    (copies.without_repeats). What confidence is fitted to and what is served both come from here.
    """
    with_feeling = [has_feeling(item.counted) for item in posts]
    return evidence(probabilities, without_repeats(posts, weights), with_feeling, config)


def calibrated(evidence: Evidence, config: ScoringConfig) -> float:
    """Return the probability that the side of a mood with this evidence is the right one.

        log odds = confidence_offset
                 + (confidence_slope + confidence_log_posts * ln(n)) * A * s ** power

    where A is ln(a / (1 - a)) of the agreement a, held between 1 / (2 resamples) and 1 minus that,
    as so many resamples tell no finer (Platt, 1999); n is effective_posts, at most
    confidence_most_posts; s is feeling_share, or 1 where A is below 0; and power is
    confidence_feeling_power. So a tie (A = 0) has the confidence of the offset alone, however many
    the posts; mostly neutral posts come close to it, and so does a near tie, as each resample is
    read with an error (see evidence). More posts than confidence_most_posts add nothing: no person
    whose ratings were fitted to had more, and a model's misreading of how a person writes does not
    average out. No constant but the offset is below 0, so more agreement never lowers it, nor do
    fewer neutral posts, nor more posts where most resamples agree. With an offset of 0, a slope of
    1 and the others 0 it is a. Without a post with a feeling it is 0.
    """
    if evidence.effective_posts == 0:
        return 0.0
    agreement, agreement_of_posts = calibration_inputs(evidence, config)
    log_odds = (
        config.confidence_offset
        + config.confidence_slope * agreement
        + config.confidence_log_posts * agreement_of_posts
    )
    # Written with tanh, a logistic function does not overflow.
    return (1 + math.tanh(log_odds / 2)) / 2


def calibration_inputs(evidence: Evidence, config: ScoringConfig) -> tuple[float, float]:
    """Return A * s ** confidence_feeling_power, and ln(n) times that; see calibrated."""
    finest = 1 / (2 * config.resamples)
    agreement = min(max(evidence.agreement, finest), 1 - finest)
    log_odds = math.log(agreement / (1 - agreement))
    # Neutral posts take from what speaks for a mood, never from what speaks against it.
    log_odds = min(log_odds, log_odds * evidence.feeling_share**config.confidence_feeling_power)
    posts = min(evidence.effective_posts, config.confidence_most_posts)
    # Not below 0 where the limit, or rounding, is below one post.
    return log_odds, log_odds * math.log(max(1.0, posts))


def evidence(
    probabilities: Sequence[Mapping[str, float]],
    weights: Sequence[float],
    with_feeling: Sequence[bool],
    config: ScoringConfig,
) -> Evidence | None:
    """Return the evidence for the side that all posts have together; None without any weight.

    probabilities are per post, after the irony shift, and with_feeling says which posts have a
    feeling in them (scoring.has_feeling); agreement depends on their order, so sort first.

    Each of config.resamples resamples draws posts with a feeling with replacement (Efron, 1979),
    with probability proportional to weight, and takes their plain mean. Neutral posts are not
    drawn, so that adding some lends no confidence. It draws round(effective sample size) posts, not
    len(weights): a weight says how much a post counts, not that it was observed more often, so
    thousands of draws among posts of which five have nearly all the weight would overstate the
    confidence.

    At most config.draw_limit posts are drawn, which bounds the time. Each resample's distance from
    the mean is then multiplied by sqrt(draw_limit / draws wanted), because the spread of a mean
    falls with the square root of the sample size (m out of n resampling: Bickel, Goetze and van
    Zwet, 1997).

    A model also misreads how a person writes, which no number of posts averages out. A resample
    therefore counts as heavy not with 0 or 1 but with the probability

        Phi(m / confidence_reading_error), m = (N - h * P) / (N + h * P)

    where N and P are its negativity and positivity, h is heavy_factor and Phi is the normal
    distribution function; an error of 0 gives 0 or 1. So resamples of a near tie, such as posts of
    joy 0.51 and sadness 0.49, are hardly more on one side than on the other, however many agree.
    """
    mean = weighted_mean(probabilities, weights)
    if mean is None:
        return None
    felt_weights = list(compress(weights, with_feeling))
    felt_total = math.fsum(felt_weights)
    if felt_total <= 0:
        return Evidence(0.0, 0.0, 0.0)
    felt = [_sides(each, config) for each in compress(probabilities, with_feeling)]
    effective_posts = effective_sample_size(felt_weights)
    heavy = leans_heavy(*_sides(mean, config), config)
    agreement = _agreement(heavy, felt, felt_weights, effective_posts, config)
    return Evidence(agreement, effective_posts, felt_total / math.fsum(weights))


def _agreement(
    heavy: bool,
    sides: Sequence[tuple[float, float]],
    weights: Sequence[float],
    effective_posts: float,
    config: ScoringConfig,
) -> float:
    """Return the share of resamples of the posts that lean as stated, each read with an error."""
    wanted = max(1, round(effective_posts))
    draws = min(wanted, config.draw_limit)
    shrink = math.sqrt(draws / wanted)
    packed = [(_pack(sides[index]), count) for index, count in _slots(weights)]
    table: list[int] = []
    for value, count in packed:
        table.extend([value] * count)
    total = math.fsum(weights)
    centre = [
        math.fsum(side * weight for side, weight in zip(each, weights, strict=True)) / total
        for each in zip(*sides, strict=True)
    ]
    table_mean = _unpack(sum(value * count for value, count in packed), _SLOTS)
    generator = random.Random(config.seed)  # noqa: S311 - repeatable resampling, not a secret
    leaning_heavy = 0.0
    for _ in range(config.resamples):
        # Two random bytes are an index into the table, so no draw runs Python code.
        indices = memoryview(generator.randbytes(_SLOT_BYTES * draws)).cast("H")
        drawn = _unpack(sum(map(table.__getitem__, indices)), draws)
        positive, negative = (
            middle + (value - expected) * shrink
            for middle, value, expected in zip(centre, drawn, table_mean, strict=True)
        )
        leaning_heavy += _probability_of_heavy(positive, negative, config)
    share = leaning_heavy / config.resamples
    return share if heavy else 1 - share


def _probability_of_heavy(positive: float, negative: float, config: ScoringConfig) -> float:
    """Return the probability that a mean leans heavy, read with an error; see evidence."""
    if config.confidence_reading_error == 0:
        return float(leans_heavy(positive, negative, config))
    positive *= config.heavy_factor
    both = positive + negative
    margin = (negative - positive) / both if both > 0 else 0.0
    return (1 + math.erf(margin / (config.confidence_reading_error * math.sqrt(2)))) / 2


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


def _sides(scores: Mapping[str, float], config: ScoringConfig) -> tuple[float, float]:
    """Return positivity and negativity, each 0 or more."""
    return positivity(scores, config), negativity(scores, config)


def _pack(sides: tuple[float, float]) -> int:
    """Pack both as fixed-point numbers into one integer, so that one addition adds both.

    Summing a resample is most of the work; this makes it one sum() over integers. Rounding is
    below 2 ** -40, less than the tolerance for ties.
    """
    return sum(
        round(side * (1 << _FRACTION_BITS)) << (_FIELD_BITS * index)
        for index, side in enumerate(sides)
    )


def _unpack(total: int, draws: int) -> list[float]:
    """Return the means of both from the sum of `draws` packed integers."""
    mask = (1 << _FIELD_BITS) - 1
    scale = draws << _FRACTION_BITS
    return [((total >> (_FIELD_BITS * index)) & mask) / scale for index in range(2)]
