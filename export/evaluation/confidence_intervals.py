"""How sure a figure is: percentile bootstrap intervals (Efron and Tibshirani 1993, ch. 13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
"""Resamples an interval is read from."""

LEVEL = 95
"""Per cent of the resamples that lie inside an interval."""

_SEED = 17

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """Where 95 % of the resamples' figures lie; shares from 0 to 1, F1 by class."""

    accuracy: Interval
    macro_f1: Interval
    f1: Mapping[str, Interval]


def bootstrap(truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Intervals:
    """Return the intervals of the figures that `metrics.figures_of` gives for the same answers.

    A resample of n examples changes the figures only through its counts of (true, predicted)
    pairs, which are one multinomial draw of n; so no example is drawn one by one. The same
    answers always give the same intervals. Raises ValueError as `figures_of` does.
    """
    if not truth or len(truth) != len(predicted):
        raise ValueError("nothing to compare")
    names = list(dict.fromkeys([*labels, *truth, *predicted]))
    counts = Counter(zip(truth, predicted, strict=True))
    shares = np.array([counts[true, said] for true in names for said in names]) / len(truth)
    generator = np.random.default_rng(_SEED)
    drawn = generator.multinomial(len(truth), shares, size=RESAMPLES)
    confusion = drawn.reshape(RESAMPLES, len(names), len(names))
    right = np.diagonal(confusion, axis1=1, axis2=2)
    counted = confusion.sum(axis=1) + confusion.sum(axis=2)
    f1 = (2 * right / np.maximum(counted, 1))[:, : len(labels)]
    return Intervals(
        accuracy=_interval(right.sum(axis=1) / len(truth)),
        macro_f1=_interval(f1.mean(axis=1)),
        f1={label: _interval(f1[:, column]) for column, label in enumerate(labels)},
    )


def _interval(values: NDArray[np.float64]) -> Interval:
    outside = (100 - LEVEL) / 2
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)
