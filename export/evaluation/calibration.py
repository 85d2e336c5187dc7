"""Fit temperatures, so that probabilities mean what they say (Guo et al., ICML 2017).

A temperature divides the logits; it never changes a label. It is fitted from the model's own
probabilities, because softmax(log p / T) equals softmax(logits / T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.labels import EMOTIONS
from export.training.examples import Example
from serving.schemas import Classification

_CANDIDATES = np.round(np.arange(0.5, 3.001, 0.01), 2)
_TINY = 1e-12

Reals = NDArray[np.float64]
Results = tuple[Sequence[Example], Sequence[Classification]]
"""Examples of one set, and what a model said of each."""


@dataclass(frozen=True)
class Fit:
    """A temperature, and the mean negative log-likelihood (nats) without and with it."""

    temperature: float = 1.0
    before: float = 0.0
    after: float = 0.0


def fit_emotion(sets: Sequence[Results]) -> Fit:
    """Fit the temperature of the emotions; every set counts the same.

    Examples without emotions are passed over; each other counts its first one, among the
    labels that its set knows. Without any, the temperature is 1.
    """
    prepared = [emotion_rows(*one) for one in sets if any(e.emotions for e in one[0])]

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
    parts = [irony_rows(*one) for one in sets]
    logits = np.concatenate([np.empty(0), *(part[0] for part in parts)])
    ironic = np.concatenate([np.empty(0, dtype=np.bool_), *(part[1] for part in parts)])
    signs = np.where(ironic, 1.0, -1.0)

    def loss(temperature: float) -> float:
        likelihoods = np.logaddexp(0.0, -signs * logits / temperature)
        return float(likelihoods.mean()) if len(logits) else 0.0

    return _best(loss)


def scaled_emotion(logs: Reals, temperature: float) -> Reals:
    """Return the probabilities, [examples, 7], of log-probabilities under a temperature."""
    scaled = logs / temperature
    return np.exp(scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True))


def emotion_rows(
    examples: Sequence[Example], results: Sequence[Classification]
) -> tuple[Reals, NDArray[np.int64]]:
    """Return [examples, 7] log-probabilities, -inf where not known, and the right columns.

    Examples without emotions are left out.
    """
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
    return np.array(logs).reshape(-1, len(EMOTIONS)), np.array(truth, dtype=np.int64)


def irony_rows(
    examples: Sequence[Example], results: Sequence[Classification]
) -> tuple[Reals, NDArray[np.bool_]]:
    """Return the logits of irony and whether it is, of the examples that tell it."""
    told = [
        (result.irony, example.irony)
        for example, result in zip(examples, results, strict=True)
        if example.irony is not None
    ]
    shares = np.clip(np.array([share for share, _ in told], dtype=np.float64), _TINY, 1 - _TINY)
    ironic = np.array([ironic for _, ironic in told], dtype=np.bool_)
    return np.log(shares) - np.log1p(-shares), ironic


def _best(loss: Callable[[float], float]) -> Fit:
    """Return the candidate of least loss; 1 when nothing is better."""
    best = min([1.0, *_CANDIDATES.tolist()], key=loss)
    return Fit(temperature=best, before=loss(1.0), after=loss(best))
