"""The team's own posts: how their files are split, and checks of the shipped ones."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from export.data import check_classes
from export.errors import DataError
from export.evaluation.behaviour_cases import load_capabilities
from export.labels import EMOTIONS
from export.training.examples import Example, Split
from export.training.sources import written
from export.training.sources.custom import Row, read_rows
from serving.classifier.preprocess import normalise
from tests.support.export.sets import write

HEADER = "text,label,irony\n"
NOWHERE = Path("unused")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the written posts, with three empty files about emotions."""
    monkeypatch.setattr(written, "FOLDER", tmp_path)
    for name in ("emoji.csv", "implied.csv", "meaning.csv"):
        write(tmp_path / name, HEADER)
    return tmp_path


def test_every_tenth_row_of_each_file_validates_and_no_other(folder: Path) -> None:
    for name in ("emoji", "implied"):
        write(folder / f"{name}.csv", HEADER + "".join(f"{name} {n},joy,\n" for n in range(12)))

    val = [example.text for example in written.read_emotions(NOWHERE, "val")]
    train = [example.text for example in written.read_emotions(NOWHERE, "train")]

    assert val == ["emoji 0", "emoji 10", "implied 0", "implied 10"]
    assert len(train) == 20
    assert not set(train) & set(val)


@pytest.mark.parametrize(
    ("file", "read", "rows", "val", "train"),
    [
        (
            "meaning.csv",
            written.read_emotions,
            "first,joy|love,\nsecond,joy|love,\n",
            [],
            [Example("second", ("joy", "love"), EMOTIONS, any_of=True)],
        ),
        (
            "meaning.csv",
            written.read_emotions,
            "first,joy,false\nsecond,joy,false\n",
            [Example("first", ("joy",), EMOTIONS)],
            [Example("second", ("joy",), EMOTIONS, irony=False)],
        ),
        (
            "irony.csv",
            written.read_irony,
            "first,anger,true\nsecond,anger,true\nthird,,false\n",
            [Example("first", irony=True)],
            [Example("second", ("anger",), EMOTIONS, irony=True), Example("third", irony=False)],
        ),
    ],
    ids=["several emotions do not validate", "emotions validate without irony", "only irony"],
)
def test_posts_train_with_all_labels_and_validate_what_their_file_is_about(
    folder: Path,
    file: str,
    read: Callable[[Path, Split], Iterator[Example]],
    rows: str,
    val: list[Example],
    train: list[Example],
) -> None:
    write(folder / file, HEADER + rows)

    assert list(read(NOWHERE, "val")) == val
    assert list(read(NOWHERE, "train")) == train


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "implied.csv").unlink()

    with pytest.raises(DataError, match=r"implied\.csv: cannot be read"):
        list(written.read_emotions(NOWHERE, "train"))


def shipped_rows() -> list[tuple[str, Row]]:
    files = sorted(written.FOLDER.glob("*.csv"))
    return [(path.name, row) for path in files for row in read_rows(path)]


def as_read(text: str) -> str:
    """Return a text as the model reads it, in which two different posts may be equal."""
    return normalise(text).lower()


def test_the_shipped_files_are_those_that_are_read() -> None:
    assert {name for name, _ in shipped_rows()} == {
        "emoji.csv",
        "implied.csv",
        "irony.csv",
        "meaning.csv",
        "neutral.csv",
    }


def test_no_shipped_post_is_there_twice() -> None:
    places: dict[str, list[str]] = {}
    for name, row in shipped_rows():
        places.setdefault(as_read(row.text), []).append(f"{name}: {row.text}")

    assert [texts for texts in places.values() if len(texts) > 1] == []


def test_no_shipped_post_is_a_behavioural_test() -> None:
    asked = {
        as_read(text) for one in load_capabilities() for case in one.cases for text in case.texts
    }

    given_away = [
        f"{name}: {row.text}" for name, row in shipped_rows() if as_read(row.text) in asked
    ]

    assert given_away == []


def test_every_emotion_has_many_shipped_posts() -> None:
    posts = Counter(example.emotions for example in written.read_emotions(NOWHERE, "train"))

    assert {emotion: posts[(emotion,)] for emotion in EMOTIONS if posts[(emotion,)] < 30} == {}


def test_the_shipped_posts_can_be_trained_and_validated_on() -> None:
    for source in (written.EMOTIONS_SOURCE, written.IRONY_SOURCE):
        check_classes(source.name, tuple(source.read(NOWHERE, "train")))
        assert list(source.read(NOWHERE, "val"))


def test_every_shipped_post_about_irony_is_labelled_for_it() -> None:
    told = Counter(row.irony for name, row in shipped_rows() if name == "irony.csv")

    assert set(told) == {True, False}
