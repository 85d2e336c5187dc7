"""Confidence intervals of accuracy and F1, by resampling the texts.

Percentile intervals of the bootstrap (Efron and Tibshirani 1993, ch. 13).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.evaluation.metrics import Predictions

RESAMPLES = 1_000
"""Resamples from which an interval is read."""

LEVEL = 95
"""Percentage of the resamples that lie inside an interval."""

_SEED = 17

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """95 % intervals of a set's figures; shares from 0 to 1, F1 per class."""

    accuracy: Interval
    macro_f1: Interval
    f1: Mapping[str, Interval]


def confidence_intervals(predictions: Predictions) -> Intervals:
    """Return the intervals of the figures that `predictions.figures()` gives.

    A resample of n examples changes the figures only through its counts of (true, predicted)
    pairs, which are one multinomial draw of n; so no example is drawn individually. The same
    predictions always give the same intervals.
    """
    truth, predicted, labels = predictions.truth, predictions.predicted, predictions.labels
    names = list(dict.fromkeys([*labels, *truth, *predicted]))
    counts = Counter(zip(truth, predicted, strict=True))
    shares = np.array([counts[true, said] for true in names for said in names]) / len(truth)
    generator = np.random.default_rng(_SEED)
    drawn = generator.multinomial(len(truth), shares, size=RESAMPLES)
    confusion = drawn.reshape(RESAMPLES, len(names), len(names))
    right = np.diagonal(confusion, axis1=1, axis2=2)
    totals = confusion.sum(axis=1) + confusion.sum(axis=2)
    f1 = (2 * right / np.maximum(totals, 1))[:, : len(labels)]
    return Intervals(
        accuracy=_interval(right.sum(axis=1) / len(truth)),
        macro_f1=_interval(f1.mean(axis=1)),
        f1={label: _interval(f1[:, column]) for column, label in enumerate(labels)},
    )


def _interval(values: NDArray[np.float64]) -> Interval:
    outside = (100 - LEVEL) / 2
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)
