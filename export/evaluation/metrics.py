"""Figures of a set: accuracy and macro-F1 over the labels that the set knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.labels import EMOTIONS, IRONY

NOT_IRONIC = "not ironic"


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall, F1 (shares) and number of examples of one class."""

    label: str
    precision: float
    recall: float
    f1: float
    examples: int


@dataclass(frozen=True)
class Figures:
    """What a model scored on a set; shares from 0 to 1."""

    examples: int
    accuracy: float
    macro_f1: float
    classes: tuple[ClassFigures, ...]

    def f1_of(self, label: str) -> float:
        """Return the F1 of one class; raises KeyError when it is not in the set."""
        return {figures.label: figures.f1 for figures in self.classes}[label]


def figures_of(truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Figures:
    """Compare `predicted` with `truth`; macro-F1 is the mean over all of `labels`.

    Raises ValueError when there is nothing to compare or the lengths differ.
    """
    if not truth or len(truth) != len(predicted):
        raise ValueError("nothing to compare")
    pairs = list(zip(truth, predicted, strict=True))
    classes = []
    for label in labels:
        right = sum(1 for true, said in pairs if true == said == label)
        said_so = sum(1 for said in predicted if said == label)
        occurring = sum(1 for true in truth if true == label)
        classes.append(
            ClassFigures(
                label=label,
                precision=right / said_so if said_so else 0.0,
                recall=right / occurring if occurring else 0.0,
                f1=2 * right / (said_so + occurring) if said_so + occurring else 0.0,
                examples=occurring,
            )
        )
    return Figures(
        examples=len(pairs),
        accuracy=sum(1 for true, said in pairs if true == said) / len(pairs),
        macro_f1=sum(figures.f1 for figures in classes) / len(classes),
        classes=tuple(classes),
    )


def set_figures(
    logits: NDArray[np.float32], targets: NDArray[np.float32], known: NDArray[np.float32]
) -> Figures:
    """Score the [examples, 8] logits of one set, restricted to what the set knows.

    A set that tells irony is scored at a probability of 0.5. Raises ValueError when the
    set is empty.
    """
    if len(logits) and known[0, -1]:
        names = (NOT_IRONIC, IRONY)
        truth = [names[int(value > 0.5)] for value in targets[:, -1]]
        said = [names[int(value > 0)] for value in logits[:, -1]]
        return figures_of(truth, said, names)
    count = len(EMOTIONS)
    labels = [label for label, use in zip(EMOTIONS, known[0, :count] > 0, strict=True) if use]
    masked = np.where(known[:, :count] > 0, logits[:, :count], -np.inf)
    truth = [EMOTIONS[index] for index in targets[:, :count].argmax(axis=1)]
    said = [EMOTIONS[index] for index in masked.argmax(axis=1)]
    return figures_of(truth, said, labels)


def named_figures(by_set: Mapping[str, Figures]) -> dict[str, float]:
    """Flatten to `set/figure` names, as `select_on` and TensorBoard use them."""
    flat: dict[str, float] = {}
    for name, figures in by_set.items():
        flat[f"{name}/accuracy"] = figures.accuracy
        flat[f"{name}/macro_f1"] = figures.macro_f1
        if any(one.label == IRONY for one in figures.classes):
            flat[f"{name}/f1_ironic"] = figures.f1_of(IRONY)
    return flat
