"""The eight outputs, and custom sets' labels."""

import pytest

from export.errors import DataError
from export.labels import EMOTIONS, LABELS, map_labels
from serving.classifier.artifact import LABELS as SERVED_LABELS

SAME = {emotion: emotion for emotion in EMOTIONS}


def test_the_head_has_the_order_that_serving_decodes() -> None:
    assert LABELS == SERVED_LABELS


def test_labels_of_one_text_are_given_once_each_and_in_the_order_of_the_head() -> None:
    assert map_labels(["surprise", "joy", "joy", "anger"], SAME, "here") == (
        "anger",
        "joy",
        "surprise",
    )


def test_an_unknown_label_is_named_with_its_place() -> None:
    with pytest.raises(DataError, match="row 3: label 'bliss' is none of anger"):
        map_labels(["bliss"], SAME, "row 3")
