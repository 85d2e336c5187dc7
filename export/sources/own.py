"""A set of one's own: CSV with a `text,label` header, or JSON lines with those keys."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from export.config import SetConfig
from export.errors import DataError
from export.examples import Example, Source, Split
from export.labels import EMOTIONS, map_labels
from export.sources.lines import read_lines

_SAME = {emotion: emotion for emotion in EMOTIONS}


def own_source(chosen: SetConfig) -> Source:
    """Return the source of the files that `chosen` names.

    Without a `val_path` the set has no validation examples and no figure of its own.
    """

    def read(_: Path, split: Split) -> Iterator[Example]:
        path = chosen.path if split == "train" else chosen.val_path
        if path is None:
            return
        rows = list(_read_rows(path))
        labelled = [(text, map_labels([label], _SAME, where)) for text, label, where in rows]
        occurring = {emotion for _, emotions in labelled for emotion in emotions}
        known = chosen.known or tuple(name for name in EMOTIONS if name in occurring)
        if not occurring <= set(known):
            raise DataError(f"{path}: {', '.join(sorted(occurring - set(known)))} is not in known")
        for text, emotions in labelled:
            yield Example(text, emotions, known)

    return Source(
        name=chosen.name,
        origin="a file named in the configuration",
        terms="its owner's",
        split_names=("train", "val"),
        read=read,
    )


def _read_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield text, label and place of each row; raises DataError."""
    lines = read_lines(path)
    rows: Iterator[object]
    if path.suffix.lower() == ".csv":
        rows = iter(csv.DictReader("\n".join(lines).splitlines(keepends=True)))
    else:
        rows = _json_rows(path, lines)
    for number, row in enumerate(rows, start=1):
        where = f"{path}: row {number}"
        if not isinstance(row, dict):
            raise DataError(f"{where}: is not an object")
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(label, str):
            raise DataError(f"{where}: text or label is missing")
        yield text, label.strip(), where


def _json_rows(path: Path, lines: list[str]) -> Iterator[object]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as exc:
                raise DataError(f"{path}:{number}: is not JSON") from exc
