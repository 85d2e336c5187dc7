"""Labelled files to evaluate on, and the output of the evaluation."""

from pathlib import Path

import pytest

from export.errors import DataError
from export.evaluate import render
from export.evaluation.confidence_intervals import confidence_intervals
from export.evaluation.labelled_files import read_labelled
from export.evaluation.metrics import Predictions
from tests.support.export.sets import write

MAPPING = "0\tanger\n1\tjoy\n2\toptimism\n3\tsadness\n"


def test_lines_of_text_and_label_compete_among_the_labels_that_occur(tmp_path: Path) -> None:
    path = write(tmp_path / "lines.txt", "a; b;joy\n\nc;sadness\n")

    labelled = read_labelled(path, None)

    assert [example.text for example in labelled.examples] == ["a; b", "c"]
    assert labelled.examples[0].known == ("joy", "sadness")


@pytest.mark.parametrize(
    ("mapping", "labels", "emotions", "note"),
    [
        (MAPPING, "2\n1\n", ["joy", "joy"], "optimism as joy"),
        ("", "0\n3\n", ["anger", "sadness"], "no mapping.txt: the ids are taken as TweetEval's em"),
    ],
)
def test_a_tweeteval_pair_is_read_with_its_mapping_or_tweetevals_ids(
    tmp_path: Path, mapping: str, labels: str, emotions: list[str], note: str
) -> None:
    if mapping:
        write(tmp_path / "mapping.txt", mapping)
    texts = write(tmp_path / "test_text.txt", "a\nb\n")

    labelled = read_labelled(texts, write(tmp_path / "test_labels.txt", labels))

    assert [example.emotions for example in labelled.examples] == [(one,) for one in emotions]
    assert note in labelled.note


def test_an_irony_pair_is_about_irony(tmp_path: Path) -> None:
    write(tmp_path / "mapping.txt", "0\tnon_irony\n1\tirony\n")
    texts = write(tmp_path / "text.txt", "a\nb\n")

    labelled = read_labelled(texts, write(tmp_path / "labels.txt", "1\n0\n"))

    assert [example.irony for example in labelled.examples] == [True, False]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no label\n", "lines.txt:1: is not `text;label`"),
        ("a;bliss\n", "label 'bliss' is none of"),
        ("", "has no labelled texts"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_labelled(write(tmp_path / "lines.txt", content), None)


def test_the_table_has_a_line_for_each_class() -> None:
    truth, predicted = ["joy", "joy", "anger"], ["joy", "anger", "anger"]

    table = render(Predictions(truth, predicted, ["anger", "joy"]), "counted optimism as joy")

    lines = table.splitlines()
    assert lines[:2] == ["note: counted optimism as joy", "examples  3"]
    assert lines[2].startswith("accuracy  0.6667 (")
    assert lines[3].startswith("macro-F1  0.6667 (")
    joy = lines[7].split()
    assert [*joy[:4], joy[5]] == ["joy", "1.0000", "0.5000", "0.6667", "2"]


def test_every_figure_has_its_interval_and_the_last_line_explains_it() -> None:
    truth, predicted = ["joy"] * 8 + ["anger"] * 2, ["joy"] * 9 + ["anger"]
    predictions = Predictions(truth, predicted, ["anger", "joy"])
    intervals = confidence_intervals(predictions)

    lines = render(predictions).splitlines()

    low, high = intervals.accuracy
    assert lines[1] == f"accuracy  0.9000 ({low:.4f}-{high:.4f})"
    assert f"({intervals.f1['anger'][0]:.4f}-{intervals.f1['anger'][1]:.4f})" in lines[5]
    assert lines[-1] == "in brackets: 95 % of 1,000 bootstrap resamples of the texts"
