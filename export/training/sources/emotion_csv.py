"""Sets of other kinds of text than tweets and comments, as CSV files in the data folder's `more/`.

Narratives (BRIGHTER), tweets about events (EmoEvent), subtitles (XED), pandemic tweets (CovidEmo),
everyday dialogue (DailyDialog) and situations in the writer's words (EmpatheticDialogues). What
their labels mean is in `label_map.py`. For training, several emotions share the probability; for
validation only texts with exactly one are used.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example, Source, Split
from export.training.label_map import LABEL_MAPS, known_emotions, meant
from export.training.sources.held_back import is_held_back
from export.training.sources.terms import TERMS
from export.training.sources.text_files import csv_rows

Row = Mapping[str, str | None]
Keep = Callable[[int, str], bool]
"""Takes the number of a row and its text; returns whether the row is held back for validation."""

_PLACEHOLDERS = re.compile(r"<user>|<url>|\[PERSON\]|\bUSER\b")
_STANDS_FOR = {"<user>": "@user", "<url>": "http://t.co", "[PERSON]": "Alex", "USER": "@user"}
_BLOCK = 40


@dataclass(frozen=True)
class Form:
    """Form of one set: its train and validation file, and where a row's labels are.

    `labels` is the column with one or more labels, or None where each label is a 0/1 column.
    Where both splits are in one file, `held_back` chooses the rows for validation.
    """

    files: tuple[str, str]
    labels: str | None = None
    held_back: Keep | None = None

    def labels_of(self, row: Row, names: tuple[str, ...]) -> list[str]:
        """Return the labels of a row; raises ValueError when a column is missing or invalid."""
        if self.labels is not None:
            found = (row.get(self.labels) or "").split()
            if not found:
                raise ValueError(f"{self.labels} is missing")
            return found
        if invalid := [name for name in names if row.get(name) not in ("0", "1")]:
            raise ValueError(f"{invalid[0]} is neither 0 nor 1")
        return [name for name in names if row[name] == "1"]


def read(root: Path, split: Split, name: str) -> Iterator[Example]:
    """Yield the examples of the set `name` below `root`/more; raises DataError."""
    form, meanings = FORMS[name], LABEL_MAPS[name]
    emotions = known_emotions(meanings)
    known = tuple(one for one in EMOTIONS if one in emotions or one == "neutral")
    path = root / "more" / form.files[0 if split == "train" else 1]
    for number, row in enumerate(csv_rows(path)):
        where = f"{path}: row {number + 1}"
        text = row.get("text")
        if text is None:
            raise DataError(f"{where}: text is missing")
        try:
            labels = form.labels_of(row, tuple(meanings))
        except ValueError as exc:
            raise DataError(f"{where}: {exc}") from exc
        if form.held_back and form.held_back(number, text) != (split == "val"):
            continue
        found = meant(labels, meanings, where)
        if split == "train" or len(found) == 1:
            yield Example(without_placeholders(text), found, known)


def without_placeholders(text: str) -> str:
    """Return `text` with what a set wrote in place of names and links as a post would have it."""
    return _PLACEHOLDERS.sub(lambda found: _STANDS_FOR[found[0]], text)


def _one_text_in(count: int) -> Keep:
    return lambda _, text: is_held_back(text, count)


def _every_other_block(number: int, _: str) -> bool:
    """Hold back whole stretches: neighbouring lines are of one conversation."""
    return number // _BLOCK % 2 == 1


FORMS: Mapping[str, Form] = {
    "brighter_eng": Form(("brighter_eng_train.csv", "brighter_eng_dev.csv")),
    "emoevent_en": Form(("emoevent_en_train.csv", "emoevent_en_dev.csv"), "emotion"),
    "xed_en": Form(("xed_en.csv", "xed_en.csv"), "emotions", _one_text_in(10)),
    "covidemo": Form(("covidemo_dev.csv", "covidemo_dev.csv"), None, _one_text_in(2)),
    "dailydialog": Form(
        ("dailydialog_dev.csv", "dailydialog_dev.csv"), "emotion", _every_other_block
    ),
    "empathetic": Form(("empathetic_dev.csv", "empathetic_dev.csv"), "emotion", _one_text_in(2)),
}

_ORIGINS: Mapping[str, tuple[str, tuple[str, str]]] = {
    "brighter_eng": ("BRIGHTER, SemEval-2025 Task 11, English", ("train", "dev")),
    "emoevent_en": ("EmoEvent, LREC 2020, English", ("train", "dev")),
    "xed_en": ("XED, COLING 2020, English", ("9 of 10 texts", "1 of 10 texts")),
    "covidemo": ("CovidEmo, ACL 2022", ("half of dev", "the other half of dev")),
    "dailydialog": (
        "DailyDialog, IJCNLP 2017, as checked for XDailyDialog",
        ("half of dev", "the other half of dev"),
    ),
    "empathetic": ("EmpatheticDialogues, ACL 2019", ("half of dev", "the other half of dev")),
}

EMOTION_CSV_SOURCES = tuple(
    Source(
        name=name,
        origin=origin,
        terms=TERMS[name],
        read=partial(read, name=name),
        split_names=split_names,
    )
    for name, (origin, split_names) in _ORIGINS.items()
)
