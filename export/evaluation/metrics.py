"""Accuracy, precision, recall and F1 of a model on a labelled set, over the labels it knows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.labels import EMOTIONS, IRONY
from export.training.examples import Example
from serving.classifier.classifier import EmotionClassifier
from serving.schemas import Classification

NOT_IRONIC = "not ironic"

_CHUNK = 2_048


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 (0 to 1) of one class, and its number of examples."""

    label: str
    precision: float
    recall: float
    f1: float
    examples: int


@dataclass(frozen=True)
class Figures:
    """Scores of a model on one set; shares from 0 to 1."""

    examples: int
    accuracy: float
    macro_f1: float
    classes: tuple[ClassFigures, ...]

    def f1_of(self, label: str) -> float:
        """Return the F1 of one class; raises KeyError when it is not in the set."""
        return {figures.label: figures.f1 for figures in self.classes}[label]


@dataclass(frozen=True)
class Predictions:
    """True and predicted label of each example of a set, and the labels that compete.

    Raises ValueError when there are no examples or the lengths differ.
    """

    truth: Sequence[str]
    predicted: Sequence[str]
    labels: Sequence[str]

    def __post_init__(self) -> None:
        if not self.truth or len(self.truth) != len(self.predicted):
            raise ValueError("nothing to compare")

    def figures(self) -> Figures:
        """Compare the predictions with the truth; macro-F1 is the mean over all of `labels`."""
        pairs = Counter(zip(self.truth, self.predicted, strict=True))
        actual, predicted = Counter(self.truth), Counter(self.predicted)
        classes = []
        for label in self.labels:
            right, total = pairs[label, label], actual[label] + predicted[label]
            classes.append(
                ClassFigures(
                    label=label,
                    precision=right / predicted[label] if predicted[label] else 0.0,
                    recall=right / actual[label] if actual[label] else 0.0,
                    f1=2 * right / total if total else 0.0,
                    examples=actual[label],
                )
            )
        right = sum(count for (true, said), count in pairs.items() if true == said)
        return Figures(
            examples=len(self.truth),
            accuracy=right / len(self.truth),
            macro_f1=sum(one.f1 for one in classes) / len(classes),
            classes=tuple(classes),
        )


def classify_all(classifier: EmotionClassifier, texts: Sequence[str]) -> list[Classification]:
    """Classify any number of texts, in order."""
    results: list[Classification] = []
    for start in range(0, len(texts), _CHUNK):
        results += classifier.classify(texts[start : start + _CHUNK])
    return results


def predictions_of(examples: Sequence[Example], results: Sequence[Classification]) -> Predictions:
    """Return true and predicted labels of one set, the latter among the labels it knows.

    Irony is predicted from a probability of 0.5. An example with several emotions counts as its
    first one; of equally likely labels the first is predicted. Raises ValueError when there are
    no examples.
    """
    if examples and examples[0].irony is not None:
        names = (NOT_IRONIC, IRONY)
        return Predictions(
            truth=[names[int(bool(example.irony))] for example in examples],
            predicted=[names[int(result.irony >= 0.5)] for result in results],
            labels=names,
        )
    known = {label for example in examples for label in example.known}
    return Predictions(
        truth=[example.emotions[0] for example in examples],
        predicted=[
            max(example.known, key=result.scores.__getitem__)
            for example, result in zip(examples, results, strict=True)
        ],
        labels=[label for label in EMOTIONS if label in known],
    )


def logits_figures(
    logits: NDArray[np.float32], targets: NDArray[np.float32], known: NDArray[np.float32]
) -> Figures:
    """Score the [examples, 8] logits of one set, restricted to the labels that it knows.

    A set about irony is scored at a probability of 0.5. Raises ValueError when it is empty.
    """
    if len(logits) and known[0, -1]:
        names = (NOT_IRONIC, IRONY)
        truth = [names[int(value > 0.5)] for value in targets[:, -1]]
        return Predictions(
            truth, [names[int(value > 0)] for value in logits[:, -1]], names
        ).figures()
    count = len(EMOTIONS)
    masked = np.where(known[:, :count] > 0, logits[:, :count], -np.inf)
    return Predictions(
        truth=[EMOTIONS[index] for index in targets[:, :count].argmax(axis=1)],
        predicted=[EMOTIONS[index] for index in masked.argmax(axis=1)],
        labels=[label for label, use in zip(EMOTIONS, known[0, :count], strict=True) if use > 0],
    ).figures()


def named_figures(by_set: Mapping[str, Figures]) -> dict[str, float]:
    """Flatten to `set/figure` names, as `select_on` and TensorBoard use them."""
    flat: dict[str, float] = {}
    for name, figures in by_set.items():
        flat[f"{name}/accuracy"] = figures.accuracy
        flat[f"{name}/macro_f1"] = figures.macro_f1
        if any(one.label == IRONY for one in figures.classes):
            flat[f"{name}/f1_ironic"] = figures.f1_of(IRONY)
    return flat
