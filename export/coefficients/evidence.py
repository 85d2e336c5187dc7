"""How many posts with a feeling a mood needs before it tells more than a guess."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.coefficients.agreement import drawn_people, interval
from export.coefficients.sampled_moods import SampledMoods

GROUPS = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 50))
"""Numbers of posts with a feeling, from and to, that are judged together."""

_LEAST_GAIN = 0.005


@dataclass(frozen=True)
class EvidenceRow:
    """Samples with `least` to `most` posts with a feeling: how often their side is right.

    of_window is against the ratings between the first and the last drawn post, of_person against
    all ratings of the person. gain is of_person minus how often "not heavy" would have been right
    for the same samples.
    """

    least: int
    most: int
    samples: int
    of_window: float
    of_person: float
    gain: float
    gain_interval: tuple[float, float]


def evidence_rows(samples: SampledMoods) -> list[EvidenceRow]:
    """Return a row for each group that has samples; intervals resample people."""
    rows = []
    people = int(samples.person.max()) + 1
    drawn = drawn_people(people)
    for least, most in GROUPS:
        chosen = (samples.with_feeling >= least) & (samples.with_feeling <= most)
        if not chosen.any():
            continue
        weight = samples.weight[chosen]
        person = samples.person[chosen]
        gains = samples.right_of_person[chosen] - samples.light_of_person[chosen]
        gained = np.bincount(person, weight * gains, people)
        counted = np.bincount(person, weight, people)
        resampled = gained[drawn].sum(axis=1) / np.maximum(counted[drawn].sum(axis=1), 1e-9)
        rows.append(
            EvidenceRow(
                least,
                most,
                int(chosen.sum()),
                float(np.average(samples.right[chosen], weights=weight)),
                float(np.average(samples.right_of_person[chosen], weights=weight)),
                float(np.average(gains, weights=weight)),
                interval(resampled),
            )
        )
    return rows


def least_feeling_posts(rows: Sequence[EvidenceRow]) -> int:
    """Return the smallest number from which on moods are right more often than "not heavy" is.

    From that group on, every group's gain is half a point at least, up to 10 posts, where samples
    get few.
    """
    floor = 0
    for row in rows:
        if row.most <= 10 and row.gain < _LEAST_GAIN:
            floor = row.most + 1
    return floor
