"""Fit temperatures, so that probabilities mean what they say (Guo et al., ICML 2017).

A temperature divides the logits; it never changes a label. It is fitted from the model's own
probabilities, because softmax(log p / T) equals softmax(logits / T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.examples import Example
from export.labels import EMOTIONS
from serving.schemas import Classification

_CANDIDATES = np.round(np.arange(0.5, 3.001, 0.01), 2)
_TINY = 1e-12

Reals = NDArray[np.float64]
Results = tuple[Sequence[Example], Sequence[Classification]]


@dataclass(frozen=True)
class Fit:
    """A temperature, and the mean negative log-likelihood (nats) at 1 and at it."""

    temperature: float
    before: float
    after: float


def fit_emotion(sets: Sequence[Results]) -> Fit:
    """Fit the temperature of the emotions; every set counts the same.

    Examples without emotions are passed over; each other counts its first one, among the
    labels that its set knows. Without any, the temperature is 1.
    """
    prepared = [_emotion_rows(*one) for one in sets if any(e.emotions for e in one[0])]

    def loss(temperature: float) -> float:
        means = []
        for logs, truth in prepared:
            scaled = logs / temperature
            right = scaled[np.arange(len(truth)), truth]
            means.append(float((np.logaddexp.reduce(scaled, axis=1) - right).mean()))
        return float(np.mean(means)) if means else 0.0

    return _best(loss)


def fit_irony(sets: Sequence[Results]) -> Fit:
    """Fit the temperature of irony over all examples that tell it; 1 without any."""
    rows = [
        (result.irony, example.irony)
        for examples, results in sets
        for example, result in zip(examples, results, strict=True)
        if example.irony is not None
    ]
    shares = np.clip(np.array([row[0] for row in rows], dtype=np.float64), _TINY, 1 - _TINY)
    signs = np.array([1.0 if row[1] else -1.0 for row in rows])
    logits = np.log(shares) - np.log1p(-shares)

    def loss(temperature: float) -> float:
        return float(np.logaddexp(0.0, -signs * logits / temperature).mean()) if rows else 0.0

    return _best(loss)


def _emotion_rows(
    examples: Sequence[Example], results: Sequence[Classification]
) -> tuple[Reals, NDArray[np.int64]]:
    """Return [examples, 7] log-probabilities, -inf where not known, and the right columns."""
    logs, truth = [], []
    for example, result in zip(examples, results, strict=True):
        if example.emotions:
            logs.append(
                [
                    np.log(max(result.scores[label], _TINY)) if label in example.known else -np.inf
                    for label in EMOTIONS
                ]
            )
            truth.append(EMOTIONS.index(example.emotions[0]))
    return np.array(logs), np.array(truth)


def _best(loss: Callable[[float], float]) -> Fit:
    """Return the candidate of least loss; 1 when nothing is better."""
    best = min([1.0, *_CANDIDATES.tolist()], key=loss)
    return Fit(temperature=best, before=loss(1.0), after=loss(best))
