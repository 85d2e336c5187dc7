"""The sets with emotions in `more/`: their forms, their splits, and what is held back."""

from itertools import pairwise
from pathlib import Path

import pytest

from export.config import SetConfig
from export.data import source_of
from export.errors import DataError
from export.training.examples import Example, Split
from tests.support.export.sets import write

SIX = ("anger", "fear", "joy", "sadness", "surprise", "neutral")
BRIGHTER = "text,anger,fear,joy,sadness,surprise\n"


def examples(root: Path, name: str, split: Split) -> list[Example]:
    return list(source_of(SetConfig(name=name)).read(root, split))


def texts(root: Path, name: str, split: Split) -> list[str]:
    return [example.text for example in examples(root, name, split)]


@pytest.mark.parametrize(
    ("split", "found"),
    [
        (
            "train",
            [
                Example("both", ("fear", "sadness"), SIX),
                Example("one", ("joy",), SIX),
                Example("none", ("neutral",), SIX),
            ],
        ),
        ("val", [Example("one", ("joy",), SIX), Example("none", ("neutral",), SIX)]),
    ],
)
def test_columns_that_are_on_share_the_probability_and_none_on_is_neutral(
    tmp_path: Path, split: Split, found: list[Example]
) -> None:
    rows = BRIGHTER + "both,0,1,0,1,0\none,0,0,1,0,0\nnone,0,0,0,0,0\n"
    for name in ("train", "dev"):
        write(tmp_path / "more" / f"brighter_eng_{name}.csv", rows)

    assert examples(tmp_path, "brighter_eng", split) == found


def test_emoevents_others_are_neutral_and_its_disgust_is_anger(tmp_path: Path) -> None:
    rows = 'text,emotion\n"first, of two",others\nUSER wins,disgust\n'
    write(tmp_path / "more" / "emoevent_en_train.csv", rows)

    first, second = examples(tmp_path, "emoevent_en", "train")

    assert first == Example("first, of two", ("neutral",), SIX)
    assert second == Example("@user wins", ("anger",), SIX)


def test_what_a_set_wrote_for_names_and_links_is_written_as_a_post_has_it(tmp_path: Path) -> None:
    rows = "text,emotions\nAsk [PERSON] .,neutral\n"
    write(tmp_path / "more" / "xed_en.csv", rows)

    found = texts(tmp_path, "xed_en", "train") + texts(tmp_path, "xed_en", "val")

    assert found == ["Ask Alex ."]


@pytest.mark.parametrize(
    ("name", "header", "row", "least", "most"),
    [
        ("xed_en", "text,emotions\n", "line {},joy\n", 60, 140),
        ("empathetic", "text,emotion\n", "line {},proud\n", 400, 600),
        ("dailydialog", "text,emotion\n", "line {},neutral\n", 400, 600),
        (
            "covidemo",
            "text,anger,anticipation,disgust,fear,joy,sadness,surprise,trust\n",
            "line {},0,1,0,0,0,0,0,0\n",
            400,
            600,
        ),
    ],
)
def test_a_part_of_a_single_file_is_held_back_and_never_trained_on(
    tmp_path: Path, name: str, header: str, row: str, least: int, most: int
) -> None:
    file = {"xed_en": "xed_en.csv"}.get(name, f"{name}_dev.csv")
    path = tmp_path / "more" / file
    write(path, header + "".join(row.format(n) for n in range(1000)))

    held, trained = (set(texts(tmp_path, name, split)) for split in ("val", "train"))

    assert least < len(held) < most
    assert not held & trained
    assert len(held | trained) == 1000


def test_neighbouring_lines_of_dialogue_are_on_the_same_side(tmp_path: Path) -> None:
    rows = "text,emotion\n" + "".join(f"line {n},neutral\n" for n in range(200))
    write(tmp_path / "more" / "dailydialog_dev.csv", rows)

    sides = [
        text in texts(tmp_path, "dailydialog", "val") for text in (f"line {n}" for n in range(200))
    ]

    assert sum(one != next_ for one, next_ in pairwise(sides)) == 4


@pytest.mark.parametrize(
    ("name", "file", "content", "fault"),
    [
        (
            "brighter_eng",
            "brighter_eng_train.csv",
            BRIGHTER + "x,0,2,0,0,0\n",
            "row 1: fear is nei",
        ),
        ("brighter_eng", "brighter_eng_train.csv", BRIGHTER + "x,0\n", "row 1: fear is neither"),
        ("emoevent_en", "emoevent_en_train.csv", "text,emotion\nx,bliss\n", "row 1: label 'bliss'"),
        ("emoevent_en", "emoevent_en_train.csv", "text,emotion\nx\n", "row 1: emotion is missing"),
        ("xed_en", "xed_en.csv", "line,emotions\nx,joy\n", "row 1: text is missing"),
    ],
)
def test_a_malformed_row_is_named(
    tmp_path: Path, name: str, file: str, content: str, fault: str
) -> None:
    write(tmp_path / "more" / file, content)

    with pytest.raises(DataError, match=fault):
        examples(tmp_path, name, "train")
