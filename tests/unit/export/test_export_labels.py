"""The eight outputs, and the mapping of other sets' labels to them."""

import pytest

from export.labels import EMOTIONS, LABELS, map_labels
from export.training.sources.goemotions import GOEMOTIONS_TO_EMOTION
from serving.classifier.artifact import LABELS as SERVED_LABELS


def test_the_head_has_the_order_that_serving_decodes() -> None:
    assert LABELS == SERVED_LABELS


def test_every_one_of_goemotions_28_labels_means_one_of_the_seven() -> None:
    assert len(GOEMOTIONS_TO_EMOTION) == 28
    assert set(GOEMOTIONS_TO_EMOTION.values()) == set(EMOTIONS)


@pytest.mark.parametrize(
    ("fine", "emotion"),
    [
        ("disgust", "anger"),
        ("nervousness", "fear"),
        ("gratitude", "joy"),
        ("desire", "joy"),
        ("caring", "love"),
        ("remorse", "sadness"),
        ("confusion", "surprise"),
        ("neutral", "neutral"),
    ],
)
def test_a_fine_label_means_its_emotion(fine: str, emotion: str) -> None:
    assert GOEMOTIONS_TO_EMOTION[fine] == emotion


def test_labels_of_one_text_are_given_once_each_and_in_the_order_of_the_head() -> None:
    labels = ["surprise", "joy", "amusement", "anger"]

    assert map_labels(labels, GOEMOTIONS_TO_EMOTION, "here") == ("anger", "joy", "surprise")
