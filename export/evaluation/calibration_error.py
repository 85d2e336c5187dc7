"""How far confidence is from being right: expected calibration error (Guo et al., ICML 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Bins of equal width between the confidences 0 and 1."""

_DRAWS = 200
_SEED = 17

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """How sure a model was of each of its answers (0 to 1), and whether it came true."""

    confidence: Reals
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self.confidence)


@dataclass(frozen=True)
class Bin:
    """The answers of one bin, counted from 0: how many, their mean confidence, the share right."""

    index: int
    count: int
    confidence: float
    accuracy: float


def bins_of(judged: Judged) -> list[Bin]:
    """Return the bins that have answers, by rising confidence."""
    columns = _columns(judged.confidence)
    bins = []
    for column in range(BINS):
        inside = columns == column
        if inside.any():
            confidence, right = judged.confidence[inside], judged.right[inside]
            bins.append(Bin(column, len(right), float(confidence.mean()), float(right.mean())))
    return bins


def expected_error(judged: Judged) -> float:
    """Return the mean distance of accuracy from confidence over bins, weighed by answers.

    Raises ValueError without answers.
    """
    return float(_errors(judged.confidence, judged.right[None, :])[0])


def error_by_chance(judged: Judged) -> float:
    """Return the error that a perfectly calibrated model would show on as many answers.

    The mean over 200 draws in which each answer comes true as often as its confidence says:
    few answers scatter around their confidence, so the error of a small set is never 0.
    """
    generator = np.random.default_rng(_SEED)
    drawn = generator.random((_DRAWS, len(judged))) < judged.confidence
    return float(_errors(judged.confidence, drawn).mean())


def _errors(confidence: Reals, right: NDArray[np.bool_]) -> Reals:
    """Return the errors, [draws], of outcomes [draws, answers] at the same confidences."""
    if not len(confidence):
        raise ValueError("no answers to judge")
    membership = np.eye(BINS)[_columns(confidence)]
    # A bin adds |answers that came true - sum of confidences| / all answers.
    gaps = np.abs((right - confidence) @ membership)
    return np.asarray(gaps.sum(axis=1) / len(confidence))


def _columns(confidence: Reals) -> NDArray[np.int64]:
    """Return the bin of each confidence; a bin holds its upper edge, the first one 0 too."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
