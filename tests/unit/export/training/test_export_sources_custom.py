"""Custom data sets: the content of their files, and the examples for validation."""

from pathlib import Path

import pytest

from export.config import SetConfig
from export.errors import DataError
from export.training.examples import Example, Split
from export.training.sources.custom import custom_source, read_rows
from tests.support.export.sets import write


def examples_of(path: Path, split: Split = "train", **given: object) -> list[Example]:
    chosen = SetConfig.model_validate({"name": "mine", "path": path, "val_path": path, **given})
    return list(custom_source(chosen).read(path.parent, split))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.csv", 'text,label\n"well, fine",joy\nno,anger\n'),
        ("mine.jsonl", '{"text": "well, fine", "label": "joy"}\n\n{"text":"no","label":"anger"}\n'),
    ],
)
def test_custom_files_are_csv_or_json_lines(tmp_path: Path, name: str, content: str) -> None:
    examples = examples_of(write(tmp_path / name, content))

    assert [example.text for example in examples] == ["well, fine", "no"]
    assert examples[0].known == ("anger", "joy")


def test_a_label_may_have_several_emotions(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "text,label\nyes,surprise | joy\nno,anger\n")

    either, plain = examples_of(path)

    assert either == Example("yes", ("joy", "surprise"), ("anger", "joy", "surprise"), any_of=True)
    assert not plain.any_of


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.csv", "text,label,irony\nsure,,true\nyes,joy,False\nno,anger,\n"),
        (
            "mine.jsonl",
            '{"text": "sure", "label": "", "irony": true}\n'
            '{"text": "yes", "label": "joy", "irony": "false"}\n'
            '{"text": "no", "label": "anger", "irony": null}\n',
        ),
    ],
)
def test_a_file_may_label_irony_with_an_emotion_or_without(
    tmp_path: Path, name: str, content: str
) -> None:
    known = ("anger", "joy")

    examples = examples_of(write(tmp_path / name, content))

    assert examples == [
        Example("sure", irony=True),
        Example("yes", ("joy",), known, irony=False),
        Example("no", ("anger",), known),
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("yes,bliss,", "row 1: label 'bliss' is none of"),
        ("yes,,", "row 1: label '' is none of"),
        ("yes,joy|,", "row 1: label '' is none of"),
        ("yes,joy,maybe", "row 1: irony 'maybe' is neither true nor false"),
        ("yes", "row 1: text or label is missing"),
        ("ye\rs,joy,", r"mine\.csv: is not CSV after line 1"),
    ],
)
def test_a_malformed_row_is_named(tmp_path: Path, row: str, fault: str) -> None:
    path = write(tmp_path / "mine.csv", f"text,label,irony\n{row}\n")

    with pytest.raises(DataError, match=fault):
        read_rows(path)


def test_a_post_may_contain_unicode_line_separators(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", 'text,label\none\u2028two\x85three,joy\n"a\nb",joy\n')

    assert [row.text for row in read_rows(path)] == ["one\u2028two\x85three", "a\nb"]


def test_an_emotion_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "text,label\nyes,joy|love\n")

    with pytest.raises(DataError, match="love is not in known"):
        examples_of(path, known=("joy",))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("yes,joy|love,\nno,anger,\n", [Example("no", ("anger",), ("anger", "joy", "love"))]),
        (
            "no,anger,\nsure,,true\nyes,joy,false\n",
            [Example("sure", irony=True), Example("yes", irony=False)],
        ),
    ],
    ids=["texts with one emotion", "irony only where labelled"],
)
def test_validation_is_about_irony_or_single_emotions(
    tmp_path: Path, rows: str, expected: list[Example]
) -> None:
    path = write(tmp_path / "mine.csv", f"text,label,irony\n{rows}")

    assert examples_of(path, "val") == expected


def test_a_set_without_a_validation_file_has_nothing_to_validate_on(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "text,label\nno,anger\n")

    assert examples_of(path, "val", val_path=None) == []
