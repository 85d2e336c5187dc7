"""What the shipped classifier scores: the same code that serves, over labelled examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from export.evaluation.confidence_intervals import Intervals, bootstrap
from export.evaluation.metrics import NOT_IRONIC, Figures, figures_of
from export.labels import EMOTIONS, IRONY
from export.training.examples import Example
from serving.classifier.classifier import EmotionClassifier
from serving.schemas import Classification

_CHUNK = 2_048


@dataclass(frozen=True)
class Answers:
    """The right and the said label of each example of a set, and the labels that compete."""

    truth: tuple[str, ...]
    said: tuple[str, ...]
    labels: tuple[str, ...]


def classify_all(classifier: EmotionClassifier, texts: Sequence[str]) -> list[Classification]:
    """Classify any number of texts, in order."""
    results: list[Classification] = []
    for start in range(0, len(texts), _CHUNK):
        results += classifier.classify(texts[start : start + _CHUNK])
    return results


def likeliest(result: Classification, labels: Iterable[str]) -> str:
    """Return the likeliest of `labels`; the first of them where several are."""
    return max(labels, key=lambda label: result.scores[label])


def answers_of(examples: Sequence[Example], results: Sequence[Classification]) -> Answers:
    """Return what was right and what was said, over the labels that the set knows.

    Irony counts from a probability of 0.5. An example with several emotions counts as its
    first one.
    """
    if examples and examples[0].irony is not None:
        names = (NOT_IRONIC, IRONY)
        return Answers(
            truth=tuple(names[int(bool(example.irony))] for example in examples),
            said=tuple(names[int(result.irony >= 0.5)] for result in results),
            labels=names,
        )
    known = {label for example in examples for label in example.known}
    return Answers(
        truth=tuple(example.emotions[0] for example in examples),
        said=tuple(
            likeliest(result, example.known)
            for example, result in zip(examples, results, strict=True)
        ),
        labels=tuple(label for label in EMOTIONS if label in known),
    )


def score_results(examples: Sequence[Example], results: Sequence[Classification]) -> Figures:
    """Score results on the examples of one set; raises ValueError when there are none."""
    answers = answers_of(examples, results)
    return figures_of(answers.truth, answers.said, answers.labels)


def score_intervals(examples: Sequence[Example], results: Sequence[Classification]) -> Intervals:
    """Return the 95 % intervals of what `score_results` gives; raises ValueError as it does."""
    answers = answers_of(examples, results)
    return bootstrap(answers.truth, answers.said, answers.labels)
