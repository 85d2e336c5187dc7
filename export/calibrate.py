"""Fit temperatures, so that probabilities mean what they say (Guo et al., ICML 2017).

A temperature divides the logits; it never changes an emotion. Irony has a bias too (Platt,
1999): texts of other sets teach it that gladness is sincere, which pulls it below what the
irony sets say. Both are fitted from the model's own probabilities, because
softmax(log p / T) equals softmax(logits / T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from export.examples import Example
from export.labels import EMOTIONS
from serving.schemas import Classification

_CANDIDATES = np.round(np.arange(0.5, 3.001, 0.01), 2)
_BIASES = np.round(np.arange(-1.5, 1.501, 0.02), 2)
_TINY = 1e-12

Reals = NDArray[np.float64]
Results = tuple[Sequence[Example], Sequence[Classification]]
"""Examples of one set, and what a model said of each."""


@dataclass(frozen=True)
class Fit:
    """A temperature and a bias, and the mean negative log-likelihood (nats) without and with."""

    temperature: float = 1.0
    before: float = 0.0
    after: float = 0.0
    bias: float = 0.0


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
    """Fit temperature and bias of irony over all examples that tell it; 1 and 0 without any."""
    parts = [irony_rows(*one) for one in sets]
    logits = np.concatenate([np.empty(0), *(part[0] for part in parts)])
    ironic = np.concatenate([np.empty(0, dtype=np.bool_), *(part[1] for part in parts)])
    signs = np.where(ironic, 1.0, -1.0)
    if not len(logits):
        return Fit()

    def loss(fit: Fit) -> float:
        return float(np.logaddexp(0.0, -signs * scaled_irony(logits, fit)).mean())

    # One after the other until neither moves: the likelihood has a single optimum.
    best = Fit()
    while True:
        steep = min((replace(best, temperature=one) for one in _CANDIDATES.tolist()), key=loss)
        moved = min((replace(steep, bias=one) for one in _BIASES.tolist()), key=loss)
        if loss(moved) >= loss(best):
            return replace(best, before=loss(Fit()), after=loss(best))
        best = moved


def scaled_emotion(logs: Reals, temperature: float) -> Reals:
    """Return the probabilities, [examples, 7], of log-probabilities under a temperature."""
    scaled = logs / temperature
    return np.exp(scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True))


def scaled_irony(logits: Reals, fit: Fit) -> Reals:
    """Return calibrated logits of irony, as serving.decoding does."""
    return logits / fit.temperature + fit.bias


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
