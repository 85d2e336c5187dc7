"""Moods of few posts: what confidence they are given, and how often they are right.

Of each person, samples of 1 to 50 posts are drawn without replacement, and api.domain gives each
its mood and the evidence for it. A mood is right if its side, heavy or light, is that of the
person's own mean valence: of the posts between the first and the last drawn (the window of the
mood), or of all the posts of the person. Arousal can hardly be read from text, so that the four
moods are judged apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from api.domain.mood.confidence import (
    Evidence,
    calibrated,
    calibration_inputs,
    evidence,
    evidence_of,
)
from api.domain.mood.copies import without_copies, without_repeats
from api.domain.mood.moods import mood_of
from api.domain.mood.scoring import (
    ScoringConfig,
    adjusted,
    feeling_posts,
    relative_weights,
    weighted_mean,
)
from api.domain.posts import ClassifiedPost
from export.coefficients.agreement import SEED, own_moods
from export.coefficients.rated_windows import (
    MIDDLE_AROUSAL,
    MOODS,
    Flags,
    Ints,
    RatedWindows,
    Reals,
)
from export.evaluation.calibration import Judged, expected_calibration_error

SIZES = (1, 3, 5, 10, 20, 50)
DRAWS = 5
"""Samples of each size of each person; all samples of one size of one person count as one."""

_INPUTS = ("confidence_slope", "confidence_log_posts")
FEELING_POWERS = (1.0, 2.0)
"""Not below 1: mostly neutral posts are little to go by, also where few samples tell it: of 10
posts with a feeling among 90 neutral ones a power of 0.5 would make 83 %."""

_NEWTON_STEPS = 50
_PULL = 1e-3


@dataclass(frozen=True)
class SampledMoods:
    """Samples, [samples] arrays: person, size, posts with a feeling, evidence, what was right.

    right is the side over the window of the sample, right_of_person over all posts of the person,
    right_of_four the mood by quadrant over the window; light_of_person is 1 for a person who is not
    heavy over all their posts.
    agreement_of_all is that of resamples of all posts, the neutral ones too, read without an error.
    weight is 1 over the number of samples of this size and person.
    """

    person: Ints
    size: Ints
    with_feeling: Ints
    evidence: tuple[Evidence, ...]
    agreement_of_all: Reals
    right: Reals
    right_of_person: Reals
    right_of_four: Reals
    light_of_person: Reals
    weight: Reals

    def confidence(self, config: ScoringConfig) -> Reals:
        """Return the confidence that each sample gets."""
        return np.array([calibrated(one, config) for one in self.evidence])


def sample_moods(windows: RatedWindows, config: ScoringConfig) -> SampledMoods:
    """Draw samples from the posts of each person's last window and give them their moods."""
    last = windows.last()
    generator = np.random.default_rng(SEED)
    rows = []
    found: list[Evidence] = []
    for row in range(len(last.person)):
        start, end = int(last.start[row]), int(last.end[row])
        counted = start + np.flatnonzero(windows.timeless[start:end] > 0)
        for size in SIZES:
            if size > len(counted):
                break
            draws = 1 if size == len(counted) else DRAWS
            for _ in range(draws):
                drawn = np.sort(generator.choice(counted, size, replace=False))
                posts = [windows.posts[index] for index in drawn]
                given, of_felt, of_all, felt = _mood(posts, config)
                own = _own(windows, last, row, int(drawn[0]), int(drawn[-1]) + 1)
                own_of_person = _own(windows, last, row, start, end)
                rows.append(
                    (
                        last.person[row],
                        size,
                        felt,
                        of_all,
                        (given < 2) == (own < 2),
                        (given < 2) == (own_of_person < 2),
                        given == own,
                        own_of_person >= 2,
                        1 / draws,
                    )
                )
                found.append(of_felt)
    columns = np.array(rows, dtype=np.float64).T
    person, size, felt_posts = columns[:3].astype(np.int64)
    return SampledMoods(person, size, felt_posts, tuple(found), *columns[3:])


def fitted_confidence(samples: SampledMoods, chosen: Flags, config: ScoringConfig) -> ScoringConfig:
    """Return the configuration with the constants of confidence fitted on the chosen samples.

    Logistic regression of being right (the mean of both readings, which differ for few posts) on
    the inputs of api.domain.mood.confidence.calibrated, none of which may count against: one that
    would is left out (0). Of the powers of the feeling share the most likely is taken. Samples
    without a post with a feeling have confidence 0 there and are no part of it; without any others
    the configuration stays as it is.
    """
    felt = np.array([one.effective_posts > 0 for one in samples.evidence]) & chosen
    if not felt.any():
        return config
    ways = [
        _fitted_slopes(samples, felt, replace(config, confidence_feeling_power=power))
        for power in FEELING_POWERS
    ]
    return max(ways, key=lambda way: way[1])[0]


def _fitted_slopes(
    samples: SampledMoods, felt: Flags, config: ScoringConfig
) -> tuple[ScoringConfig, float]:
    """Return the configuration with fitted offset and slopes, and its mean log likelihood."""
    inputs = np.array(
        [
            calibration_inputs(one, config)
            for one, use in zip(samples.evidence, felt, strict=True)
            if use
        ]
    )
    target = (samples.right[felt] + samples.right_of_person[felt]) / 2
    weight = samples.weight[felt]
    used = list(range(len(_INPUTS)))
    while True:
        found = _logistic(inputs[:, used], target, weight)
        if not used or found[1:].min() >= 0:
            break
        used.pop(int(np.argmin(found[1:])))
    slopes: dict[str, Any] = dict.fromkeys(_INPUTS, 0.0)
    slopes |= {
        _INPUTS[at]: round(float(value), 3) for at, value in zip(used, found[1:], strict=True)
    }
    given = found[0] + inputs[:, used] @ found[1:]
    likelihood = np.average(target * given - np.logaddexp(0.0, given), weights=weight)
    fitted = replace(config, confidence_offset=round(float(found[0]), 3), **slopes)
    return fitted, float(likelihood)


def calibration_error(confidence: Reals, right: Reals, weight: Reals) -> float:
    """Return the expected calibration error, each sample counting by its weight."""
    judged = Judged(confidence, right > 0, weight / weight.mean())
    return expected_calibration_error(judged)


def _mood(
    posts: Sequence[ClassifiedPost], config: ScoringConfig
) -> tuple[int, Evidence, float, int]:
    """Return the number of the mood, its evidence, the agreement of all posts resampled, and how
    many posts have a feeling."""
    as_of = posts[-1].post.created_at
    probabilities = [adjusted(item.counted, config) for item in posts]
    weights = without_copies(posts, relative_weights(posts, as_of, config))
    mean = weighted_mean(probabilities, weights)
    of_felt = evidence_of(posts, probabilities, weights, config)
    of_all = evidence(
        probabilities,
        without_repeats(posts, weights),
        [True] * len(posts),
        replace(config, confidence_reading_error=0.0),
    )
    if mean is None or of_felt is None or of_all is None:
        raise ValueError("a sample has no weight")
    return (
        MOODS.index(mood_of(mean, config)),
        of_felt,
        of_all.agreement,
        feeling_posts(posts, weights),
    )


def _own(windows: RatedWindows, last: RatedWindows, row: int, start: int, end: int) -> int:
    """Return the number of the mood that the person's own ratings of some posts amount to."""
    if windows.post_valence is None or windows.post_arousal is None:
        valence, arousal = last.valence[row : row + 1], last.arousal[row : row + 1]
    else:
        valence = windows.post_valence[start:end].mean(keepdims=True)
        arousal = windows.post_arousal[start:end].mean(keepdims=True)
    return int(own_moods(valence, arousal, MIDDLE_AROUSAL)[0])


def _logistic(inputs: Reals, target: Reals, weight: Reals) -> Reals:
    """Return level and slopes of a logistic regression by Newton's method, slightly pulled to 0."""
    columns = np.column_stack([np.ones(len(inputs)), inputs])
    share = weight / weight.sum()
    found = np.zeros(columns.shape[1])
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
        gradient = columns.T @ (share * (probability - target)) + _PULL * found
        spread = share * probability * (1 - probability)
        curve = columns.T @ (columns * spread[:, None]) + _PULL * np.eye(len(found))
        found = found - np.linalg.solve(curve, gradient)
    return found
