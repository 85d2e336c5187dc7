"""Posts written by this team for what other sets lack: `export/written/*.csv`.

Feelings without an emotion word, negation, changes of feeling, emoji, emotion words in neutral
posts, sarcasm and similar sincere posts; questions, answers, news, instructions, quotes and small
talk without a feeling, and some of the same form with one. Every tenth row is kept for validation.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from export.labels import EMOTIONS
from export.training.examples import Example, Source, Split
from export.training.sources.custom import Row, read_rows
from export.training.sources.terms import OWN

FOLDER = Path(__file__).parents[2] / "written"
_EMOTION_FILES = ("emoji.csv", "implied.csv", "meaning.csv")
_NEUTRAL_FILES = ("neutral.csv",)
_IRONY_FILES = ("irony.csv",)
_VAL_EVERY = 10


def _rows(files: tuple[str, ...], split: Split) -> Iterator[Row]:
    for name in files:
        for number, row in enumerate(read_rows(FOLDER / name)):
            if (number % _VAL_EVERY == 0) == (split == "val"):
                yield row


def read_emotions(
    _: Path, split: Split, files: tuple[str, ...] = _EMOTION_FILES
) -> Iterator[Example]:
    """Yield the posts about emotions; for validation, those with exactly one."""
    for row in _rows(files, split):
        if split == "train":
            yield row.example(EMOTIONS)
        elif len(row.emotions) == 1:
            yield Example(row.text, row.emotions, EMOTIONS)


def read_irony(_: Path, split: Split) -> Iterator[Example]:
    """Yield the posts about irony; for training, with their emotion."""
    for row in _rows(_IRONY_FILES, split):
        yield row.example(EMOTIONS) if split == "train" else Example(row.text, irony=row.irony)


_written = partial(
    Source,
    origin="written by the Moodline team",
    terms=OWN,
    split_names=("9 of 10 rows", "every 10th row"),
)
EMOTIONS_SOURCE = _written(name="written", read=read_emotions)
NEUTRAL_SOURCE = _written(name="written_neutral", read=partial(read_emotions, files=_NEUTRAL_FILES))
IRONY_SOURCE = _written(name="written_irony", read=read_irony)
