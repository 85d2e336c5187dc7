"""Labelled files as people have them, and what the evaluation prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.errors import DataError
from export.evaluate import Evaluation, main, render
from export.evaluation.confidence_intervals import bootstrap
from export.evaluation.labelled_files import read_labelled
from export.evaluation.measure import likeliest, score_results
from export.evaluation.metrics import figures_of
from export.training.examples import Example
from serving.schemas import Classification


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def says(**scores: float) -> Classification:
    label = max(scores, key=lambda name: scores[name])
    return Classification(label=label, scores=scores, irony=0.6, tokens=3, truncated=False)


def test_lines_of_text_and_label_compete_among_the_labels_that_occur(tmp_path: Path) -> None:
    path = write(tmp_path / "lines.txt", "a; b;joy\n\nc;sadness\n")

    labelled = read_labelled(path, None)

    assert [example.text for example in labelled.examples] == ["a; b", "c"]
    assert labelled.examples[0].known == ("joy", "sadness")


def test_a_tweeteval_pair_is_read_with_the_mapping_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "mapping.txt", "0\tanger\n1\tjoy\n2\toptimism\n3\tsadness\n")
    texts = write(tmp_path / "test_text.txt", "a\nb\nc\n")

    labelled = read_labelled(texts, write(tmp_path / "test_labels.txt", "2\n3\n1\n"))

    assert [example.emotions for example in labelled.examples] == [("joy",), ("sadness",), ("joy",)]
    assert "optimism as joy" in labelled.note


def test_ids_without_a_mapping_are_taken_as_tweetevals_and_that_is_said(tmp_path: Path) -> None:
    texts = write(tmp_path / "text.txt", "a\nb\n")

    labelled = read_labelled(texts, write(tmp_path / "labels.txt", "0\n3\n"))

    assert [example.emotions for example in labelled.examples] == [("anger",), ("sadness",)]
    assert "TweetEval's emotion" in labelled.note


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
def test_a_file_that_does_not_read_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_labelled(write(tmp_path / "lines.txt", content), None)


def test_labels_outside_the_file_cannot_win() -> None:
    example = Example("", ("joy",), ("anger", "joy"))
    result = says(anger=0.1, joy=0.2, neutral=0.7)

    figures = score_results([example], [result])

    assert likeliest(result, example.known) == "joy"
    assert figures.accuracy == 1.0


def test_irony_counts_from_one_half() -> None:
    figures = score_results([Example("", irony=True)], [says(joy=1.0)])

    assert figures.f1_of("irony") == 1.0


def test_the_table_has_a_line_for_each_class() -> None:
    answers = (["joy", "joy", "anger"], ["joy", "anger", "anger"], ["anger", "joy"])
    found = Evaluation(figures_of(*answers), bootstrap(*answers), "counted optimism as joy")

    lines = render(found).splitlines()

    assert lines[:2] == ["note: counted optimism as joy", "examples  3"]
    assert lines[2].startswith("accuracy  0.6667 (")
    assert lines[3].startswith("macro-F1  0.6667 (")
    joy = lines[7].split()
    assert [*joy[:4], joy[5]] == ["joy", "1.0000", "0.5000", "0.6667", "2"]


def test_every_figure_has_its_interval_and_the_last_line_says_of_what() -> None:
    answers = (["joy"] * 8 + ["anger"] * 2, ["joy"] * 9 + ["anger"], ["anger", "joy"])
    intervals = bootstrap(*answers)

    lines = render(Evaluation(figures_of(*answers), intervals)).splitlines()

    low, high = intervals.accuracy
    assert lines[1] == f"accuracy  0.9000 ({low:.4f}-{high:.4f})"
    assert f"({intervals.f1['anger'][0]:.4f}-{intervals.f1['anger'][1]:.4f})" in lines[5]
    assert lines[-1] == "in brackets: 95 % of 1,000 bootstrap resamples of the texts"


def test_a_folder_that_is_no_model_is_one_line_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "lines.txt", "a;joy\n")

    status = main([str(path), "--model", str(tmp_path / "nowhere")])

    error = capsys.readouterr().err
    assert status == 1
    assert error.startswith("error: model folder")
    assert error.count("\n") == 1
