"""Read posts out of a CSV file, as spreadsheets and export tools write it."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from api.domain.posts import Post, RejectedPost
from api.errors import UnreadableFileError
from api.intake.post_fields import TEXT_NAMES, TIME_NAMES, PostIntake, clean
from api.ports.clock import Clock
from api.post_files.encodings import chunks_of, encoding_of, lines_of

MAX_CELL_CHARACTERS = 1024 * 1024
"""Longest line, and longest cell with the line breaks in it, that is read; in characters."""

_DELIMITERS = ",;\t"
_LINE_SHOWN = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reader of rows under a header that names a text and a time; other columns may be missing.

    The first line names the columns, in any order and case, as PostIntake knows them; cells are
    separated by commas, semicolons or tabs, and quoted as in RFC 4180. The text may be UTF-8,
    UTF-16 with its byte order mark, Windows-1252 or Mac Roman; the log says which was found. Rows
    are counted as a spreadsheet does: the header is row 1.
    """

    clock: Clock
    format: ClassVar[str] = "csv"

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file; see PostFileReader."""
        encoding = encoding_of(chunks_of(file))
        _log.info("reading a CSV file as %s", encoding)
        lines = _Lines(lines_of(chunks_of(file), encoding, MAX_CELL_CHARACTERS))
        # The limit is the whole process's; the default would refuse what the readers take.
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        delimiter, columns = _header(lines)
        intake = PostIntake(self.clock())
        for number, cells in _rows(lines, delimiter):
            where = f"row {number}"
            if isinstance(cells, str):
                yield RejectedPost(where, cells)
            elif len(cells) > len(columns) and any(cells[len(columns) :]):
                yield RejectedPost(
                    where,
                    f"the row has {len(cells)} cells and the header {len(columns)}:"
                    " put quotation marks around texts that hold a delimiter",
                )
            elif any(cells):
                yield intake.take(_by_column(columns, cells), where)


class _OverlongLineError(Exception):
    """An overlong line, raised through the csv module."""


class _Lines:
    """Lines for the csv module; remembers whether it asked for one past the end."""

    def __init__(self, lines: Iterator[str | None]) -> None:
        self._lines = lines
        self.ran_out = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ran_out = True
            raise
        if line is None:
            raise _OverlongLineError
        return line


def _header(lines: _Lines) -> tuple[str, list[str]]:
    """Return the delimiter and the names of the columns, lower-cased, out of the first line."""
    line = "\n"
    try:
        while line.isspace():
            line = next(lines)
    except StopIteration:
        raise UnreadableFileError("The file is empty: no line in it holds anything.") from None
    except _OverlongLineError:
        raise UnreadableFileError(
            f"The first line is longer than {MAX_CELL_CHARACTERS:,} characters: this is no CSV file"
            " with a line of column names."
        ) from None
    for delimiter in _DELIMITERS:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        columns = [clean(cell).strip().lower().replace(" ", "_") for cell in cells]
        if not set(columns).isdisjoint(TEXT_NAMES) and not set(columns).isdisjoint(TIME_NAMES):
            return delimiter, columns
    raise UnreadableFileError(
        "The first line must name the columns, among them `text` and `created_at`, for example"
        f" `created_at,text,url,likes`. It is: {clean(line).strip()[:_LINE_SHOWN]}"
    )


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row's number with its cells, or with the reason why it has none."""
    rows = csv.reader(lines, delimiter=delimiter)
    number = 1
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except _OverlongLineError:
            yield number, f"the line is longer than {MAX_CELL_CHARACTERS:,} characters"
        except csv.Error as exc:
            yield (
                number,
                f"the row cannot be read as CSV ({exc}): is a quotation mark never closed?",
            )
        else:
            if lines.ran_out:
                yield number, "the quotation mark that opens in this row is never closed"
                return
            yield number, cells


def _by_column(columns: list[str], cells: list[str]) -> dict[str, object]:
    """Pair columns and cells; of two columns with one name the first that is filled counts."""
    fields: dict[str, object] = {}
    for name, cell in zip(columns, cells, strict=False):
        if not fields.get(name):
            fields[name] = cell
    return fields
