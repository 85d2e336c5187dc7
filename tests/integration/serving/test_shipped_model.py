"""The shipped model: properties of any model that may be shipped."""

import math
from collections.abc import Iterator

import pytest

from serving.classifier.artifact import EMOTIONS, MANIFEST_FILE, open_model
from serving.classifier.classifier import EmotionClassifier
from serving.schemas import Classification
from serving.settings import MODEL_DIR

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (MODEL_DIR / MANIFEST_FILE).exists(), reason="no model is shipped in serving/model"
    ),
]

TEXTS = [
    "I am so happy today, what a wonderful morning!",
    "I miss you so much that it hurts.",
    "How dare they lie to us again!!!",
    "I'm scared of what comes next",
    "The meeting is at three.",
    "Oh great, another Monday. Just what I needed.",
]
LONG = "and then we walked on along the river until it got dark " * 12
HOSTILE = ["", "\x00\x01", "\ud800", "😀" * 25_000, "a" * 25_000, "\u0301" * 5_000, "漢字" * 300]


@pytest.fixture(scope="module")
def classifier() -> Iterator[EmotionClassifier]:
    with EmotionClassifier(open_model(MODEL_DIR)) as classifier:
        yield classifier


def distance(left: Classification, right: Classification) -> float:
    emotions = [abs(left.scores[name] - right.scores[name]) for name in EMOTIONS]
    return max(*emotions, abs(left.irony - right.irony))


@pytest.mark.parametrize("text", TEXTS)
def test_a_result_does_not_depend_on_padding(classifier: EmotionClassifier, text: str) -> None:
    with EmotionClassifier(classifier.artifact, token_budget=1 << 20, spread=1000.0) as one_group:
        padded = one_group.classify([LONG, text])[1]
    alone = classifier.classify([text])[0]

    assert distance(alone, padded) < 1e-2


def test_a_result_does_not_depend_on_the_texts_beside_it(classifier: EmotionClassifier) -> None:
    alone = [classifier.classify([text])[0] for text in TEXTS]

    together = classifier.classify(HOSTILE + TEXTS + [LONG])[len(HOSTILE) : -1]

    assert max(map(distance, alone, together)) < 1e-2
    assert [item.label for item in alone] == [item.label for item in together]


def test_hostile_texts_are_classified(classifier: EmotionClassifier) -> None:
    results = classifier.classify(HOSTILE)

    assert all(math.isclose(sum(item.scores.values()), 1.0, abs_tol=1e-9) for item in results)
    assert all(item.tokens <= classifier.artifact.max_tokens for item in results)


def test_plain_joy_and_plain_anger_are_told_apart(classifier: EmotionClassifier) -> None:
    joy, anger = classifier.classify([TEXTS[0], TEXTS[2]])

    assert (joy.label, anger.label) == ("joy", "anger")
