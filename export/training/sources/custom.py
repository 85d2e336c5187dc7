"""A custom data set: CSV with a `text,label` header, or JSON lines with those keys.

A label is one of the seven emotions, or several separated by `|` when any of them may be right.
A third column or key, `irony`, may be `true` or `false`; then the label may be empty.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.config import SetConfig
from export.errors import DataError
from export.labels import EMOTIONS, map_labels
from export.training.examples import Example, Source, Split
from export.training.sources.terms import THEIR_OWNERS
from export.training.sources.text_files import csv_rows, read_lines

_SAME = {emotion: emotion for emotion in EMOTIONS}
_IRONY = {"": None, "true": True, "false": False}


@dataclass(frozen=True)
class Row:
    """One labelled text; without emotions if it is only labelled for irony."""

    text: str
    emotions: tuple[str, ...]
    irony: bool | None

    def example(self, known: Sequence[str]) -> Example:
        """Return the example of a set that distinguishes the emotions `known`."""
        return Example(
            self.text,
            self.emotions,
            tuple(known) if self.emotions else (),
            self.irony,
            any_of=len(self.emotions) > 1,
        )


def custom_source(chosen: SetConfig) -> Source:
    """Return the source of the files that `chosen` names.

    Without a `val_path` the set has no validation examples and no figure. A validation file
    labelled for irony is used only for irony; of others, the texts with exactly one emotion.
    """

    def read(_: Path, split: Split) -> Iterator[Example]:
        path = chosen.path if split == "train" else chosen.val_path
        if path is None:
            return
        rows = read_rows(path)
        occurring = {emotion for row in rows for emotion in row.emotions}
        known = chosen.known or tuple(name for name in EMOTIONS if name in occurring)
        if not occurring <= set(known):
            raise DataError(f"{path}: {', '.join(sorted(occurring - set(known)))} is not in known")
        examples = [row.example(known) for row in rows]
        yield from examples if split == "train" else _for_validation(examples)

    return Source(
        name=chosen.name,
        origin="a file named in the configuration",
        terms=THEIR_OWNERS,
        read=read,
    )


def _for_validation(examples: Sequence[Example]) -> list[Example]:
    """Return the examples about irony, or if there are none those with a single emotion."""
    ironies = [Example(one.text, irony=one.irony) for one in examples if one.irony is not None]
    return ironies or [one for one in examples if len(one.emotions) == 1]


def read_rows(path: Path) -> list[Row]:
    """Read a CSV or JSON lines file; raises DataError naming the first malformed row."""
    rows = csv_rows(path) if path.suffix.lower() == ".csv" else _json_rows(path)
    return [_row(row, f"{path}: row {number}") for number, row in enumerate(rows, start=1)]


def _row(row: object, where: str) -> Row:
    if not isinstance(row, dict):
        raise DataError(f"{where}: is not an object")
    text, label, irony = row.get("text"), row.get("label"), row.get("irony")
    if not isinstance(text, str) or not isinstance(label, str):
        raise DataError(f"{where}: text or label is missing")
    flag = str(irony if irony is not None else "").strip().lower()
    if flag not in _IRONY:
        raise DataError(f"{where}: irony {irony!r} is neither true nor false")
    names = [name.strip() for name in label.split("|")] if label.strip() or not flag else []
    return Row(text, map_labels(names, _SAME, where), _IRONY[flag])


def _json_rows(path: Path) -> Iterator[object]:
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as exc:
                raise DataError(f"{path}:{number}: is not JSON") from exc
