"""The sources of tweets, TweetEval's tasks and CrowdFlower, on files written here."""

from pathlib import Path

import pytest

from export.config import SetConfig
from export.data import source_of
from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example
from export.training.sources import crowdflower, tweeteval
from tests.support.export.sets import tweeteval_folder, write

CROWDFLOWER = "tweet_id,sentiment,content\n"


def test_tweeteval_merges_optimism_with_joy(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "emotion", "0\tanger\n2\toptimism\n", "2\n0\n")

    emotions = [example.emotions for example in tweeteval.read_emotion(root, "train")]

    assert emotions == [("joy",), ("anger",)]


def test_irony_examples_have_no_emotions(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "irony", "0\tnon_irony\n1\tirony\n", "1\n0\n")

    examples = list(tweeteval.read_irony(root, "train"))

    assert [example.irony for example in examples] == [True, False]
    assert all(example.known == () for example in examples)


def test_a_pair_of_files_must_have_the_same_length(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "irony", "0\tnon_irony\n", "0\n")

    with pytest.raises(DataError, match=r"has 2 lines and .* has 1"):
        list(tweeteval.read_irony(root, "train"))


def test_tweeteval_keeps_its_own_label_of_an_emotion(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "emotion", "0\tanger\n2\toptimism\n", "2\n0\n")

    own = [example.own for example in tweeteval.read_emotion(root, "train")]

    assert own == [("optimism",), ("anger",)]
    assert set(tweeteval.EMOTION.own_labels) == {"anger", "joy", "optimism", "sadness"}


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


@pytest.mark.parametrize(
    ("task", "mapping"),
    [("emoji", "0\t❤\n1\t🐌\n"), ("hate", "0\tnot-hate\n1\t🐌\n")],
)
def test_a_label_of_another_task_is_named(tmp_path: Path, task: str, mapping: str) -> None:
    root = tweeteval_folder(tmp_path, task, mapping, "0\n1\n")
    source = source_of(SetConfig(name=f"tweeteval_{task}"))

    with pytest.raises(DataError, match=rf"{task}: label '🐌' is none of"):
        list(source.read(root, "train"))


def test_an_id_that_the_mapping_lacks_is_named(tmp_path: Path) -> None:
    root = tweeteval_folder(tmp_path, "hate", "0\tnot-hate\n1\thate\n", "0\n7\n")

    with pytest.raises(DataError, match=r"train_labels\.txt:2: label '7' is not in mapping\.txt"):
        list(tweeteval.HATE.read(root, "train"))


def crowdflower_file(root: Path, rows: str) -> Path:
    write(root / "crowdflower" / "tweet_emotions.csv", CROWDFLOWER + rows)
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
        Example("second", ("neutral",), EMOTIONS, own=("boredom",)),
        Example("third", ("anger",), EMOTIONS, own=("hate",)),
    ]
    assert crowdflower.SOURCE.own_labels == tuple(crowdflower.CROWDFLOWER_TO_EMOTION)


def test_a_crowdflower_tweet_may_contain_commas_and_line_ends(tmp_path: Path) -> None:
    rows = '1,empty,first\n2,love,"one, two\nthree"\n3,love,four\u2028five\x85six\n'
    root = crowdflower_file(tmp_path, rows)

    texts = [example.text for example in crowdflower.read(root, "train")]

    assert texts == ["one, two\nthree", "four\u2028five\x85six"]


def test_an_unknown_crowdflower_sentiment_is_named(tmp_path: Path) -> None:
    root = crowdflower_file(tmp_path, "1,empty,first\n2,bliss,second\n")

    with pytest.raises(DataError, match=r"tweet_emotions\.csv: row 2: label 'bliss' is none of"):
        list(crowdflower.read(root, "train"))


def test_a_crowdflower_row_without_a_text_is_named(tmp_path: Path) -> None:
    root = crowdflower_file(tmp_path, "1,empty,first\n2,love\n")

    with pytest.raises(DataError, match="row 2: sentiment or content is missing"):
        list(crowdflower.read(root, "train"))
