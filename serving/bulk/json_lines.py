"""JSON lines: one object per line. What is kept of a row is written as it stood, to the byte."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from serving.bulk.errors import UnusableError
from serving.bulk.lines import Line, Lines, check_text_file
from serving.bulk.rows import (
    NO_TEXT,
    TOO_LONG,
    WINDOW_ROWS,
    Layout,
    Row,
    ScoredWindow,
    Window,
    find_text_column,
    in_windows,
    result_values,
)
from serving.bulk.values import as_json

FIRST_LINES = 1_000
"""Lines in which the names of fields are looked for, where not all of them are needed."""

MOST_COLUMNS = 1_000
"""Columns that a table may have; JSON lines have as many as they like."""

MOST_LEVELS = 500
"""Objects and lists within one another: what could just be read might be too deep to be written."""

_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class JsonLinesReader:
    """Reads a file of JSON lines; `kinds` are the types of the values seen in each field.

    `reserved` are names that a row's own fields must not have, because the results have them.
    """

    path: Path
    encoding: str
    columns: tuple[str, ...]
    kinds: dict[str, str]
    text_column: str
    size: int
    reserved: frozenset[str] = frozenset()
    window_rows: int = WINDOW_ROWS

    @classmethod
    def open(
        cls, path: Path, text_column: str | None = None, encoding: str = "utf-8", *, whole: bool
    ) -> "JsonLinesReader":
        """Find the fields, in all of the file or in its first lines.

        UnusableError when none holds the texts, or `whole` finds more than a table may have.
        """
        with path.open("rb") as stream:
            check_text_file(encoding, stream, path)
        lines = _objects(path, encoding, 0)
        kinds: defaultdict[str, set[str]] = defaultdict(set)
        for fields, _ in lines if whole else islice(lines, FIRST_LINES):
            if not isinstance(fields, str):
                for name, value in fields.items():
                    kinds[name].add(_kind(value))
            if whole and len(kinds) > MOST_COLUMNS:
                raise UnusableError(
                    f"the lines of {path} have more than {MOST_COLUMNS} different fields, too many"
                    " for a table: write JSON lines instead (OUT that ends with .jsonl)"
                )
        size = path.stat().st_size
        if size and not kinds:
            raise UnusableError(
                f"{path} has no JSON object in its first lines: JSON lines have one in each, for"
                ' example {"text": "a sunny day"}'
            )
        column = find_text_column(tuple(kinds), text_column, str(path)) if kinds else "text"
        types = {name: _common(seen) for name, seen in kinds.items()}
        return cls(path, encoding, tuple(kinds), types, column, size)

    def windows(self, start: int) -> Iterator[Window]:
        """Yield the rows from byte `start` on."""
        rows = (
            (self._row(fields, line), line.end)
            for fields, line in _objects(self.path, self.encoding, start)
        )
        yield from in_windows(rows, start, self.window_rows)

    def _row(self, fields: dict[str, Any] | str, line: Line) -> Row:
        source = line.text.strip()
        if isinstance(fields, str):
            return Row(error=fields, source=source, divided=False)
        if taken := sorted(self.reserved & fields.keys()):
            error = f"the row has a field {taken[0]!r} of its own: use --prefix"
            return Row(error=error, source=source, divided=False)
        if self.text_column not in fields:
            return Row(None, f"the row has no field {self.text_column!r}", fields, source)
        text = fields[self.text_column]
        if isinstance(text, str):
            return Row(text, None, fields, source)
        error = NO_TEXT if text is None else "the text is not a string"
        return Row(None, error, fields, source)


def _objects(path: Path, encoding: str, start: int) -> Iterator[tuple[dict[str, Any] | str, Line]]:
    """Yield the object of each line, or what is wrong with the line; blank lines are none."""
    with path.open("rb") as stream:
        for line in Lines(stream, encoding, start):
            if not line.text.strip():
                continue
            if not line.whole:
                yield TOO_LONG, line
            elif not line.decoded:
                yield f"the line has bytes that are not {encoding}; they are shown as \\x..", line
            else:
                yield _object(line.text), line


def _object(text: str) -> dict[str, Any] | str:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return f"the line is not JSON: {error.msg} at character {error.pos + 1}"
    # RecursionError: brackets nested thousands deep. ValueError: NaN, or numbers without end.
    except (ValueError, RecursionError):
        return "the line is not JSON: it has numbers or depths that JSON readers refuse"
    if not isinstance(value, dict):
        return "the line is JSON, but no object"
    if text.count("[") + text.count("{") > MOST_LEVELS and _is_deep(value):
        return f"the line has objects or lists within one another more than {MOST_LEVELS} times"
    return value


def _is_deep(value: dict[str, Any]) -> bool:
    """Return whether objects and lists, `value` included, lie within one another too often."""
    level: list[dict[str, Any] | list[Any]] = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _refuse(_: str) -> NoReturn:
    raise ValueError("JSON has no NaN and no infinities")


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if value in _INT64 else "json"
    return {str: "str", float: "float", bool: "bool", type(None): "null"}.get(type(value), "json")


def _common(kinds: set[str]) -> str:
    """Return the type of a column that holds values of these types."""
    kinds = kinds - {"null"}
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "json" if kinds else "str"


class JsonLinesWriter:
    """Writes rows as JSON lines: what is kept of the input's row, then the results."""

    def __init__(self, layout: Layout, *, spliced: bool) -> None:
        """Write the columns of `layout`; `spliced` where whole JSON objects are kept."""
        self._layout = layout
        self._spliced = spliced

    def beginning(self) -> bytes:
        """Return nothing: JSON lines have no header."""
        return b""

    def encode(self, scored: ScoredWindow) -> bytes:
        """Return the rows of a window."""
        window, outcomes = scored
        lines: list[str] = []
        for row, outcome in zip(window.rows, outcomes, strict=True):
            values = result_values(row, outcome)
            if values[-1] is None:
                values.pop()  # bad_row is for rows that could not be read
            added = _members(self._layout.results, values)
            lines.append(f"{{{', '.join(part for part in (self._kept(row), added) if part)}}}\n")
        return "".join(lines).encode("utf-8", "backslashreplace")  # \ud800 is JSON's own escape

    def finish(self, partial: Path, whole: Path) -> None:
        """Give the file its name."""
        partial.rename(whole)

    def _kept(self, row: Row) -> str:
        if not self._spliced:
            kept = [name for name in self._layout.kept if name in row.values]
            return _members(kept, [row.values[name] for name in kept])
        return row.source[1:-1].strip() if row.divided and row.source else ""


def _members(names: Sequence[str], values: Sequence[Any]) -> str:
    pairs = zip(names, values, strict=False)  # a bad_row that is left out is the last name
    return ", ".join(f"{json.dumps(name)}: {as_json(value)}" for name, value in pairs)
