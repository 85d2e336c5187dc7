"""CSV files: rows read one by one, bad ones included, and rows written.

The quoting is that of RFC 4180. A quote that is opened and not closed would swallow all that
follows: where quoting is broken, only the first line counts as the bad row, and reading goes on
with the line after it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.bulk.errors import UnusableError
from serving.bulk.lines import Line, Lines, check_text_file
from serving.bulk.rows import (
    NO_TEXT,
    ROW_BYTES,
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
from serving.bulk.values import as_cell

BROKEN_QUOTES = "the quotes of the row are broken: a quote in a quoted field is written twice"


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads a CSV file whose first row is a header; `body` is the byte where the rows begin."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    text_column: str
    body: int
    size: int
    window_rows: int = WINDOW_ROWS

    @classmethod
    def open(
        cls,
        path: Path,
        text_column: str | None = None,
        encoding: str = "utf-8",
        delimiter: str | None = None,
    ) -> "CsvReader":
        """Read the header; UnusableError when there is none, or no column for the texts.

        Without a delimiter it is a tab for `.tsv`, else a comma. A repeated column name is told
        apart by a number, as pandas does.
        """
        guessed = delimiter is None
        delimiter = delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
        with path.open("rb") as stream:
            check_text_file(encoding, stream, path)
            rows = _Rows(Lines(stream, encoding), delimiter)
            header, lines = next(iter(rows), ([], []))
            if not header or isinstance(header, str):
                raise UnusableError(
                    f"{path} has no header: its first row must name the columns"
                    + (f"; {header}" if header else "")
                )
            columns = _told_apart(header)
            size = stream.seek(0, io.SEEK_END)
        if guessed and len(columns) == 1 and any(one in columns[0] for one in ";\t|"):
            raise UnusableError(
                f"{path} has one column, {columns[0]!r}: name what separates its columns with"
                " --delimiter"
            )
        text_column = find_text_column(columns, text_column, str(path))
        return cls(path, encoding, delimiter, columns, text_column, lines[-1].end, size)

    def windows(self, start: int) -> Iterator[Window]:
        """Yield the rows from byte `start` on, 0 for the first row."""
        start = start or self.body
        with self.path.open("rb") as stream:
            rows = _Rows(Lines(stream, self.encoding, start), self.delimiter)
            positioned = ((self._row(fields, lines), lines[-1].end) for fields, lines in rows)
            yield from in_windows(positioned, start, self.window_rows)

    def _row(self, fields: list[str] | str, lines: Sequence[Line]) -> Row:
        source = "".join(line.text for line in lines).rstrip("\r\n")
        if isinstance(fields, str):
            return Row(error=fields, source=source, divided=False)
        values = dict(zip(self.columns, fields, strict=False))
        if len(fields) != len(self.columns):
            error = (
                f"the row has {len(fields)} field{'s' * (len(fields) != 1)}, the header has"
                f" {len(self.columns)}"
            )
            return Row(error=error, values=values, source=source, divided=False)
        if not all(line.decoded for line in lines):
            error = f"the row has bytes that are not {self.encoding}; they are shown as \\x.."
            return Row(error=error, values=values)
        text = values[self.text_column]
        return Row(text or None, None if text else NO_TEXT, values)


class _Rows:
    """Yields the fields of each row, or what is wrong with its quoting, with the row's lines."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        csv.field_size_limit(2 * ROW_BYTES)  # the lines of a row are limited here
        self._lines = lines
        self._taken: list[Line] = []
        self._parser = csv.reader(self._feed(), delimiter=delimiter, strict=True)
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[tuple[list[str] | str, list[Line]]]:
        while True:
            self._taken = []
            fields: list[str] | str
            try:
                fields = next(self._parser)
            except StopIteration:
                return
            except (csv.Error, _TooLongError) as error:
                first, *others = self._taken
                self._lines.put_back(others)
                self._taken = [first]
                fields = TOO_LONG if isinstance(error, _TooLongError) else BROKEN_QUOTES
                # The generator that an error went through has ended.
                self._parser = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
            if fields:  # a blank line is no row
                yield fields, self._taken

    def _feed(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            long = line.end - self._taken[0].end > ROW_BYTES
            if long or not line.whole:
                raise _TooLongError
            yield line.text


class _TooLongError(Exception):
    """A row of more than ROW_BYTES."""


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    told: dict[str, None] = {}
    for name in names:
        number = 0
        while (new := f"{name}.{number}" if number else name) in told:
            number += 1
        told[new] = None
    return tuple(told)


class CsvWriter:
    """Writes rows as CSV in UTF-8."""

    def __init__(self, layout: Layout, delimiter: str = ",") -> None:
        """Write the columns of `layout`."""
        self._layout = layout
        self._delimiter = delimiter

    def beginning(self) -> bytes:
        """Return the header."""
        return self._csv([[*self._layout.kept, *self._layout.results]])

    def encode(self, scored: ScoredWindow) -> bytes:
        """Return the rows of a window."""
        window, outcomes = scored
        return self._csv(
            [
                *(as_cell(row.values.get(name)) for name in self._layout.kept),
                *(as_cell(value) for value in result_values(row, outcome)),
            ]
            for row, outcome in zip(window.rows, outcomes, strict=True)
        )

    def finish(self, partial: Path, whole: Path) -> None:
        """Give the file its name."""
        partial.rename(whole)

    def _csv(self, rows: Iterable[Sequence[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerows(rows)
        return text.getvalue().encode("utf-8", "backslashreplace")
