"""The published sets CARER, GoEmotions, TweetEval and CrowdFlower, on files written here."""

from pathlib import Path

import pytest

from export.config import SetConfig
from export.data import source_of
from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example, Split
from export.training.label_map import CROWDFLOWER, GOEMOTIONS
from export.training.sources import carer, crowdflower, goemotions, tweeteval
from tests.support.export.sets import tweeteval_folder, write

TWEETS = "crowdflower/tweet_emotions.csv"
CROWDFLOWER_HEADER = "tweet_id,sentiment,content\n"


def test_carer_texts_may_contain_the_separator(tmp_path: Path) -> None:
    write(tmp_path / "carer" / "train.txt", "so sad ; really;sadness\n")

    (example,) = carer.read(tmp_path, "train")

    assert (example.text, example.emotions) == ("so sad ; really", ("sadness",))
    assert "neutral" not in example.known


def test_a_line_separator_inside_a_post_does_not_end_its_line(tmp_path: Path) -> None:
    write(tmp_path / "carer" / "train.txt", "one\u2028two\x85three;joy\r\nnext;fear\r\n")

    texts = [example.text for example in carer.read(tmp_path, "train")]

    assert texts == ["one\u2028two\x85three", "next"]


@pytest.mark.parametrize(
    ("split", "emotions", "own"),
    [
        ("train", [("joy", "surprise"), ("neutral",)], [("admiration", "surprise"), ("neutral",)]),
        ("val", [("anger",)], [("annoyance",)]),
    ],
)
def test_goemotions_trains_on_comments_of_several_emotions_and_validates_on_those_of_one(
    tmp_path: Path, split: Split, emotions: list[tuple[str, ...]], own: list[tuple[str, ...]]
) -> None:
    folder = tmp_path / "goemotions"
    write(folder / "labels.txt", "admiration\nsurprise\nannoyance\nneutral\n")
    write(folder / "train.tsv", "wow\t0,1\tid1\nmeh\t3\tid2\n")
    write(folder / "dev.tsv", "wow\t0,1\tid1\nugh\t2\tid2\n")

    examples = list(goemotions.read(tmp_path, split))

    assert [example.emotions for example in examples] == emotions
    assert [example.own for example in examples] == own
    assert set(goemotions.SOURCE.own_labels) == set(GOEMOTIONS)


def test_tweeteval_merges_optimism_with_joy_and_keeps_its_own_label(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "emotion", "0\tanger\n2\toptimism\n", "2\n0\n")

    examples = list(tweeteval.read_emotion(root, "train"))

    assert [example.emotions for example in examples] == [("joy",), ("anger",)]
    assert [example.own for example in examples] == [("optimism",), ("anger",)]
    assert set(tweeteval.EMOTION.own_labels) == {"anger", "joy", "optimism", "sadness"}


def test_irony_examples_have_no_emotions(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "irony", "0\tnon_irony\n1\tirony\n", "1\n0\n")

    examples = list(tweeteval.read_irony(root, "train"))

    assert [example.irony for example in examples] == [True, False]
    assert all(example.known == () for example in examples)


@pytest.mark.parametrize(
    ("task", "mapping", "labels"),
    [
        ("emoji", "0\t❤\t_red_heart_\t\n1\t🇺🇸\t_United_States_\t\n", ("🇺🇸", "❤")),
        ("hate", "0\tnot-hate\n1\thate\n", ("hate", "not-hate")),
        ("offensive", "0\tnot-offensive\n1\toffensive\n", ("offensive", "not-offensive")),
    ],
)
def test_other_tasks_have_only_their_own_labels(
    tmp_path: Path, task: str, mapping: str, labels: tuple[str, str]
) -> None:
    root = tweeteval_folder(tmp_path, task, mapping, "1\n0\n")
    source = source_of(SetConfig(name=f"tweeteval_{task}"))

    examples = list(source.read(root, "train"))

    assert examples == [Example("one", own=labels[:1]), Example("two", own=labels[1:])]
    assert set(labels) <= set(source.own_labels)


def test_there_are_twenty_emoji_labels() -> None:
    assert len(set(tweeteval.EMOJI.own_labels)) == len(tweeteval.EMOJI.own_labels) == 20


def crowdflower_file(root: Path, rows: str) -> Path:
    write(root / TWEETS, CROWDFLOWER_HEADER + rows)
    return root


def test_every_twentieth_crowdflower_row_validates_and_no_other(tmp_path: Path) -> None:
    root = crowdflower_file(tmp_path, "".join(f"{n},worry,tweet {n}\n" for n in range(41)))

    val = [example.text for example in crowdflower.read(root, "val")]
    train = [example.text for example in crowdflower.read(root, "train")]

    assert val == ["tweet 0", "tweet 20", "tweet 40"]
    assert len(train) == 38
    assert not set(train) & set(val)


def test_a_crowdflower_tweet_has_an_emotion_and_its_own_label(tmp_path: Path) -> None:
    root = crowdflower_file(tmp_path, "1,empty,first\n2,boredom,second\n3,hate,third\n")

    examples = list(crowdflower.read(root, "train"))

    assert examples == [
        Example("second", ("sadness", "neutral"), EMOTIONS, own=("boredom",)),
        Example("third", ("anger",), EMOTIONS, own=("hate",)),
    ]
    assert crowdflower.SOURCE.own_labels == tuple(CROWDFLOWER)


def test_a_crowdflower_tweet_may_contain_commas_and_line_ends(tmp_path: Path) -> None:
    rows = '1,empty,first\n2,love,"one, two\nthree"\n3,love,four\u2028five\x85six\n'
    root = crowdflower_file(tmp_path, rows)

    texts = [example.text for example in crowdflower.read(root, "train")]

    assert texts == ["one, two\nthree", "four\u2028five\x85six"]


@pytest.mark.parametrize(
    ("name", "files", "fault"),
    [
        (
            "carer",
            {"carer/train.txt": "fine;joy\nno label here\n"},
            r"train\.txt:2: is not `text;label`",
        ),
        (
            "goemotions",
            {"goemotions/labels.txt": "joy\n", "goemotions/train.tsv": "wow\t9\tid1\n"},
            r"train\.tsv:1: label ids '9' are not in labels\.txt",
        ),
        ("tweeteval_irony", ("0\tnon_irony\n", "0\n"), r"has 2 lines and .* has 1"),
        ("tweeteval_emoji", ("0\t❤\n1\t🐌\n", "0\n1\n"), "emoji: label '🐌' is none of"),
        ("tweeteval_hate", ("0\tnot-hate\n1\t🐌\n", "0\n1\n"), "hate: label '🐌' is none of"),
        (
            "tweeteval_hate",
            ("0\tnot-hate\n1\thate\n", "0\n7\n"),
            r"train_labels\.txt:2: label '7' is not in mapping\.txt",
        ),
        (
            "crowdflower",
            {TWEETS: f"{CROWDFLOWER_HEADER}1,empty,first\n2,bliss,second\n"},
            r"tweet_emotions\.csv: row 2: label 'bliss' is none of",
        ),
        (
            "crowdflower",
            {TWEETS: f"{CROWDFLOWER_HEADER}1,empty,first\n2,love\n"},
            "row 2: sentiment or content is missing",
        ),
    ],
)
def test_a_malformed_set_is_named_with_the_fault(
    tmp_path: Path, name: str, files: dict[str, str] | tuple[str, str], fault: str
) -> None:
    if isinstance(files, tuple):
        tweeteval_folder(tmp_path, name.removeprefix("tweeteval_"), *files)
    else:
        for path, content in files.items():
            write(tmp_path / path, content)

    with pytest.raises(DataError, match=fault):
        list(source_of(SetConfig(name=name)).read(tmp_path, "train"))
