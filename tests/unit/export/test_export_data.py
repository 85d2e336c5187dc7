"""The sources of training text, on files of their kind written here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from export.config import SetConfig, TrainConfig
from export.data import check_classes, data_folder, load_sets, main, source_of
from export.errors import ConfigError, DataError
from export.examples import Example
from export.sources import carer, goemotions, tweeteval
from export.sources.own import own_source

GIVEN_DATA = Path(os.environ.get("MOODLINE_DATA", "../shared/data"))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_carer_texts_may_hold_the_separator(tmp_path: Path) -> None:
    write(tmp_path / "carer" / "train.txt", "so sad ; really;sadness\n")

    (example,) = carer.read(tmp_path, "train")

    assert (example.text, example.emotions) == ("so sad ; really", ("sadness",))
    assert "neutral" not in example.known


def test_a_carer_line_without_a_label_is_named(tmp_path: Path) -> None:
    write(tmp_path / "carer" / "train.txt", "fine;joy\nno label here\n")

    with pytest.raises(DataError, match=r"train\.txt:2: is not `text;label`"):
        list(carer.read(tmp_path, "train"))


def test_a_line_separator_inside_a_post_does_not_end_its_line(tmp_path: Path) -> None:
    write(tmp_path / "carer" / "train.txt", "one\u2028two\x85three;joy\r\nnext;fear\r\n")

    texts = [example.text for example in carer.read(tmp_path, "train")]

    assert texts == ["one\u2028two\x85three", "next"]


def goemotions_folder(root: Path) -> Path:
    folder = root / "goemotions"
    write(folder / "labels.txt", "admiration\nsurprise\nannoyance\nneutral\n")
    write(folder / "train.tsv", "wow\t0,1\tid1\nmeh\t3\tid2\n")
    write(folder / "dev.tsv", "wow\t0,1\tid1\nugh\t2\tid2\n")
    return folder


def test_goemotions_trains_on_comments_of_several_emotions(tmp_path: Path) -> None:
    goemotions_folder(tmp_path)

    emotions = [example.emotions for example in goemotions.read(tmp_path, "train")]

    assert emotions == [("joy", "surprise"), ("neutral",)]


def test_goemotions_validates_on_comments_of_one_emotion(tmp_path: Path) -> None:
    goemotions_folder(tmp_path)

    emotions = [example.emotions for example in goemotions.read(tmp_path, "val")]

    assert emotions == [("anger",)]


def test_a_label_id_that_is_not_in_the_list_is_named(tmp_path: Path) -> None:
    write(goemotions_folder(tmp_path) / "train.tsv", "wow\t9\tid1\n")

    with pytest.raises(DataError, match=r"train\.tsv:1: label ids '9' are not in labels\.txt"):
        list(goemotions.read(tmp_path, "train"))


def tweeteval_folder(root: Path, task: str, mapping: str, labels: str) -> Path:
    folder = root / "tweeteval" / task
    write(folder / "mapping.txt", mapping)
    write(folder / "train_text.txt", "one\ntwo\n")
    write(folder / "train_labels.txt", labels)
    return root


def test_tweeteval_merges_optimism_with_joy(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "emotion", "0\tanger\n2\toptimism\n", "2\n0\n")

    emotions = [example.emotions for example in tweeteval.read_emotion(root, "train")]

    assert emotions == [("joy",), ("anger",)]


def test_irony_examples_tell_nothing_of_emotions(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "irony", "0\tnon_irony\n1\tirony\n", "1\n0\n")

    examples = list(tweeteval.read_irony(root, "train"))

    assert [example.irony for example in examples] == [True, False]
    assert all(example.known == () for example in examples)


def test_files_side_by_side_must_be_of_one_length(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "irony", "0\tnon_irony\n", "0\n")

    with pytest.raises(DataError, match=r"has 2 lines and .* has 1"):
        list(tweeteval.read_irony(root, "train"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.csv", 'text,label\n"well, fine",joy\nno,anger\n'),
        ("mine.jsonl", '{"text": "well, fine", "label": "joy"}\n\n{"text":"no","label":"anger"}\n'),
    ],
)
def test_own_files_are_csv_or_json_lines(tmp_path: Path, name: str, content: str) -> None:
    chosen = SetConfig(name="mine", path=write(tmp_path / name, content))

    examples = list(own_source(chosen).read(tmp_path, "train"))

    assert [example.text for example in examples] == ["well, fine", "no"]
    assert examples[0].known == ("anger", "joy")


def test_an_own_label_outside_the_seven_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "text,label\nyes,bliss\n")

    with pytest.raises(DataError, match=r"row 1: label 'bliss' is none of"):
        list(own_source(SetConfig(name="mine", path=path)).read(tmp_path, "train"))


def test_a_set_without_a_class_that_it_knows_is_refused() -> None:
    with pytest.raises(DataError, match="mine: no example of fear"):
        check_classes("mine", [Example("", ("joy",), ("fear", "joy"))])


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(DataError, match="mine: has no training examples"):
        check_classes("mine", [])


def test_a_set_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="'carrer' is none of carer, goemotions"):
        source_of(SetConfig(name="carrer"))


def test_sets_keep_their_weights(tiny_config: TrainConfig, tiny_data: Path) -> None:
    sets = load_sets(tiny_config, tiny_data, "train")

    assert [(one.source.name, one.weight, len(one.examples)) for one in sets] == [
        ("carer", 1.5, 24),
        ("tweeteval_irony", 1.0, 8),
    ]


def test_a_missing_data_folder_is_one_line_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--data", str(tmp_path / "nowhere")])

    assert status == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_environment_names_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODLINE_DATA", str(tmp_path))

    assert data_folder(None) == tmp_path


@pytest.mark.data
@pytest.mark.skipif(
    not GIVEN_DATA.is_dir(), reason=f"{GIVEN_DATA} is missing: the data is not here"
)
def test_the_given_data_has_the_sizes_that_its_publishers_state() -> None:
    assert len(list(carer.read(GIVEN_DATA, "train"))) == 16_000
    assert len(list(goemotions.read(GIVEN_DATA, "train"))) == 43_410
    assert len(list(tweeteval.read_emotion(GIVEN_DATA, "val"))) == 374
    assert len(list(tweeteval.read_irony(GIVEN_DATA, "val"))) == 955
