"""The table of what other sets' labels mean for the writer's mood."""

import pytest

from export.data import SOURCES
from export.errors import DataError
from export.labels import EMOTIONS
from export.training.label_map import (
    CARER,
    EMPATHETIC,
    GOEMOTIONS,
    LABEL_MAPS,
    XED,
    LabelMap,
    known_emotions,
    meant,
)

ROWS = [
    pytest.param(name, label, meaning, id=f"{name}-{label}")
    for name, by in LABEL_MAPS.items()
    for label, meaning in by.items()
]


@pytest.mark.parametrize("label", ["curiosity", "confusion", "realization", "approval", "neutral"])
def test_asking_understanding_and_agreeing_are_neutral(label: str) -> None:
    assert meant([label], GOEMOTIONS, "here") == ("neutral",)


@pytest.mark.parametrize(
    ("by", "labels", "emotions"),
    [
        (GOEMOTIONS, ["disgust"], ("anger",)),
        (GOEMOTIONS, ["nervousness"], ("fear",)),
        (GOEMOTIONS, ["caring"], ("love",)),
        (GOEMOTIONS, ["remorse"], ("sadness",)),
        (GOEMOTIONS, ["disapproval"], ("anger", "neutral")),
        (GOEMOTIONS, ["disapproval", "anger"], ("anger",)),
        (GOEMOTIONS, ["curiosity", "neutral"], ("neutral",)),
        (GOEMOTIONS, ["curiosity", "amusement"], ("joy",)),
        (XED, ["anticipation", "trust"], ("neutral",)),
        (XED, ["trust", "joy"], ("joy",)),
        (XED, ["fear", "sadness"], ("fear", "sadness")),
        (EMPATHETIC, ["nostalgic"], ("joy", "sadness")),
        (CARER, ["love"], ("love",)),
        (XED, [], ("neutral",)),
    ],
)
def test_labels_of_one_text_share_its_probability_and_neutral_yields_to_a_feeling(
    by: LabelMap, labels: list[str], emotions: tuple[str, ...]
) -> None:
    assert meant(labels, by, "here") == emotions


def test_a_label_that_is_not_in_the_table_is_named_with_its_place() -> None:
    with pytest.raises(DataError, match="row 3: label 'bliss' is none of"):
        meant(["bliss"], GOEMOTIONS, "row 3")


@pytest.mark.parametrize(("name", "label", "meaning"), ROWS)
def test_every_row_names_emotions_and_where_the_word_differs_a_reason_and_an_example(
    name: str, label: str, meaning: tuple[tuple[str, ...], str, str]
) -> None:
    to, why, example = meaning

    assert name in SOURCES
    assert to
    assert set(to) <= set(EMOTIONS)
    assert to == (label,) or (why != "the same word" and example)


def test_a_set_distinguishes_the_emotions_of_its_table_in_the_order_of_the_head() -> None:
    assert known_emotions(CARER) == ("anger", "fear", "joy", "love", "sadness", "surprise")
    assert known_emotions(XED) == ("anger", "fear", "joy", "sadness", "surprise", "neutral")
