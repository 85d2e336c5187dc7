"""What the shipped classifier scores: the same code that serves, over labelled examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from export.examples import Example
from export.labels import EMOTIONS, IRONY
from export.metrics import NOT_IRONIC, Figures, figures_of
from serving.classifier import EmotionClassifier
from serving.schemas import Classification

_CHUNK = 2_048


def classify_all(classifier: EmotionClassifier, texts: Sequence[str]) -> list[Classification]:
    """Classify any number of texts, in order."""
    results: list[Classification] = []
    for start in range(0, len(texts), _CHUNK):
        results += classifier.classify(texts[start : start + _CHUNK])
    return results


def likeliest(result: Classification, labels: Iterable[str]) -> str:
    """Return the likeliest of `labels`; the first of them where several are."""
    return max(labels, key=lambda label: result.scores[label])


def score_results(examples: Sequence[Example], results: Sequence[Classification]) -> Figures:
    """Compare results with examples of one set, over the labels that the set knows.

    Irony counts from a probability of 0.5. An example with several emotions counts as its
    first one. Raises ValueError when there are no examples.
    """
    if examples and examples[0].irony is not None:
        names = (NOT_IRONIC, IRONY)
        truth = [names[int(bool(example.irony))] for example in examples]
        said = [names[int(result.irony >= 0.5)] for result in results]
        return figures_of(truth, said, names)
    known = [label for label in EMOTIONS if any(label in example.known for example in examples)]
    truth = [example.emotions[0] for example in examples]
    said = [
        likeliest(result, example.known) for example, result in zip(examples, results, strict=True)
    ]
    return figures_of(truth, said, known)
