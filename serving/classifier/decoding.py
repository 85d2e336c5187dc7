"""The last stage: from logits to probabilities and a label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from serving.classifier.artifact import EMOTIONS, LABELS, Temperature
from serving.classifier.cuda import Logits
from serving.classifier.tokenizer import Encoded
from serving.schemas import Classification

Reals = npt.NDArray[np.float64]


def decode(
    logits: Logits, texts: Sequence[Encoded], temperature: Temperature
) -> list[Classification]:
    """Turn logits [texts, 8] into one classification a text.

    ValueError when the logits have another shape or one of them is not finite, so that a
    broken run is never served as an emotion.
    """
    if logits.shape != (len(texts), len(LABELS)):
        raise ValueError(f"logits of shape {logits.shape} for {len(texts)} texts")
    if not np.isfinite(logits).all():
        raise ValueError("logits that are not finite")
    emotions = softmax(logits[:, : len(EMOTIONS)].astype(np.float64) / temperature.emotion)
    irony = sigmoid(logits[:, -1].astype(np.float64) / temperature.irony)
    rows = zip(
        emotions.argmax(axis=1).tolist(), emotions.tolist(), irony.tolist(), texts, strict=True
    )
    return [
        Classification(
            label=EMOTIONS[likeliest],
            scores=dict(zip(EMOTIONS, scores, strict=True)),
            irony=ironic,
            tokens=len(text.ids),
            truncated=text.truncated,
        )
        for likeliest, scores, ironic, text in rows
    ]


def softmax(logits: Reals) -> Reals:
    """Return probabilities along the last axis; shifted first, so that none overflows."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Reals = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: Reals) -> Reals:
    """Return 1 / (1 + exp(-x)) by way of tanh, which does not overflow."""
    probabilities: Reals = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities
