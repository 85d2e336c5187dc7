"""Read the rows of a CSV file as spreadsheets and export tools really write them.

Sound rows are read by the standard library's csv module, in strict mode. A row that it refuses,
because a quotation mark in a text is not doubled or never closed, is read by CsvRowRepair, or else
left out and the reading goes on with the next line.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice

from api.post_files.csv_damage import CsvRowRepair, is_too_wide
from api.post_files.encodings import TextEncoding, decoded, encoding_of, line_batches

MAX_CELL_CHARACTERS = 1024 * 1024
"""Longest line, and longest cell with the line breaks in it, that is read; in characters."""

DELIMITERS = ",;\t|"

_HEADER_LINES = 20
_MAX_ROW_CHARACTERS = 2 * MAX_CELL_CHARACTERS
# A damaged row is sought in so many characters: more than the longest post has.
_REPAIR_CHARACTERS = 32 * 1024
# After so many characters read in vain, repair keeps to single lines: a file that is all damage
# must not take minutes.
_REPAIR_BUDGET = 4 * 1024 * 1024
_FIRST_COUNT = 16
_OVERLONG = f"the line is longer than {MAX_CELL_CHARACTERS:,} characters"
# Excel's line that names the delimiter; programs that know it do not count it as a row.
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\w\s]|\t)"?[,;\t|]*+\s*+', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file whose header was found.

    columns are the header's cells as written, without surrounding blanks.
    """

    columns: tuple[str, ...]
    delimiter: str
    encoding: TextEncoding
    _chunks: Callable[[], Iterator[bytes]] = field(repr=False)
    _width: int = field(repr=False)
    _lines_before_rows: int = field(repr=False)
    _header_row: int = field(repr=False)
    _blanks_after_delimiter: bool = field(repr=False)

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        """Yield each row's number with its cells, or with the reason why it has none.

        Rows are counted as a spreadsheet does. There are as many cells as columns; missing ones
        are "". Blank rows and repetitions of the header are passed over. No damage to the file
        raises anything.
        """
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        batches = _after(_batches(self._chunks(), self.encoding), self._lines_before_rows)
        reader = _RowReader(batches, self.delimiter, self._width, self._blanks_after_delimiter)
        number = self._header_row
        width, shown = self._width, len(self.columns)
        named = next(at for at, name in enumerate(self.columns) if name)
        name = self.columns[named]
        for row in reader.rows():
            number += 1
            if isinstance(row, str):
                yield number, row
                continue
            if len(row) != width:
                if is_too_wide(row, width):
                    yield (
                        number,
                        f"the row has {len(row)} cells and the header {width}:"
                        " put quotation marks around texts that hold a delimiter",
                    )
                    continue
                row += [""] * (width - len(row))
                del row[width:]
            if (not row[0] or row[0].isspace()) and not any(cell.strip() for cell in row):
                continue
            if name in row[named] and _names(row[:shown]) == self.columns:
                continue
            yield number, row if width == shown else row[:shown]


def open_table(
    chunks: Callable[[], Iterator[bytes]],
    is_header: Callable[[Sequence[str]], bool],
    encoding: TextEncoding | None = None,
) -> CsvTable | None:
    r"""Find the header of a CSV file; None where there is none.

    chunks gives the bytes of the file, anew at each call; encoding is that of its text, found out
    where it is not given. The header is the first of the 20 lines
    at the top whose cells is_header accepts, parted by a comma, semicolon, tab or "|", or by what
    Excel's line "sep=" names; blank lines, titles and comments above it are passed over.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    encoding = encoding or encoding_of(chunks())
    lines = _first_lines(_batches(chunks(), encoding), 2 * _HEADER_LINES)
    separator = next(filter(None, map(_SEPARATOR_LINE.fullmatch, lines[:1])), None)
    delimiters = dict.fromkeys([*(separator.groups() if separator else ()), *DELIMITERS])
    for at in range(min(len(lines), _HEADER_LINES)):
        found = max(
            (_Header.read(lines[at:], delimiter) for delimiter in delimiters),
            key=lambda header: (is_header(header.columns), len(header.columns)),
        )
        if is_header(found.columns):
            return CsvTable(
                columns=found.columns,
                delimiter=found.delimiter,
                encoding=encoding,
                _chunks=chunks,
                _width=found.width,
                _lines_before_rows=at + found.lines,
                _header_row=at + (0 if separator else 1),
                _blanks_after_delimiter=found.blanks_after_delimiter,
            )
    return None


@dataclass(frozen=True, slots=True)
class _Header:
    """The first row of some lines under one delimiter; width counts nameless last columns too."""

    columns: tuple[str, ...]
    width: int
    lines: int
    delimiter: str
    blanks_after_delimiter: bool

    @classmethod
    def read(cls, lines: Sequence[str], delimiter: str) -> "_Header":
        try:
            reader = csv.reader(lines, delimiter=delimiter)
            cells = next(reader, [])
            blanks = len(cells) > 1 and all(cell.startswith(" ") for cell in cells[1:])
            if blanks:
                reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
                cells = next(reader)
        except csv.Error:
            cells, blanks = [], False
        columns = _names(cells)
        last = max((at for at, name in enumerate(columns, start=1) if name), default=0)
        return cls(columns[:last], len(cells), reader.line_num, delimiter, blanks)


def _names(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.replace("\ufeff", "").split()) for cell in cells)


# Lines

_Batches = Iterator[list[str] | None]
"""Lines in lists, and None for each overlong line."""


def _batches(chunks: Iterator[bytes], encoding: TextEncoding) -> _Batches:
    texts = map(_without_padding, decoded(chunks, encoding))
    return line_batches(texts, encoding.misreadings, MAX_CELL_CHARACTERS)


def _without_padding(text: str) -> str:
    # NUL fills what a crash left unwritten; \x1a is how DOS ended a file.
    if "\x00" in text or "\x1a" in text:
        return text.replace("\x00", "").replace("\x1a", "")
    return text


def _first_lines(batches: _Batches, count: int) -> list[str]:
    """Return the first lines without byte order marks; an overlong one is empty."""
    lines = chain.from_iterable([""] if batch is None else batch for batch in batches)
    return [line.lstrip("\ufeff") for line in islice(lines, count)]


def _after(batches: _Batches, count: int) -> _Batches:
    """Yield what follows on the first lines."""
    for batch in batches:
        if batch is None:
            if not count:
                yield None
            count = max(count - 1, 0)
        else:
            if count < len(batch):
                yield batch[count:]
            count = max(count - len(batch), 0)


class _RowReader:
    """Reader of the rows in lines, a stretch of sound ones at a time."""

    def __init__(self, batches: _Batches, delimiter: str, width: int, skip_blanks: bool) -> None:
        self._batches = batches
        self._repair = CsvRowRepair(delimiter, width)
        self._parse = partial(
            csv.reader, delimiter=delimiter, skipinitialspace=skip_blanks, strict=True
        )
        self._width = width
        # Lines that were read and not yet taken begin at _at.
        self._lines: list[str] = []
        self._at = 0
        # So many of them follow on a quotation mark that is never closed: each is a row.
        self._single = 0
        self._budget = _REPAIR_BUDGET
        self._before_overlong = self._ended = False

    def rows(self) -> Iterator[list[str] | str]:
        """Yield the cells of each row, or the reason why it has none."""
        while not self._ended:
            yield from self._rows_before_overlong()
            if self._before_overlong:
                self._before_overlong = False
                yield _OVERLONG

    def _more(self, count: int) -> bool:
        """Have so many lines ready; False where there are fewer before an overlong one or the end.

        A row does not go on beyond an overlong line.
        """
        while len(self._lines) - self._at < count:
            if self._before_overlong or self._ended:
                return False
            batch = next(self._batches, [])
            if batch is None:
                self._before_overlong = True
            elif not batch:
                self._ended = True
            else:
                self._lines = self._lines[self._at :] + batch
                self._at = 0
        return True

    def _rows_before_overlong(self) -> Iterator[list[str] | str]:
        count = _FIRST_COUNT
        while self._more(1):
            lines = self._lines[self._at : self._at + (1 if self._single else count)]
            reader = self._parse(lines)
            taken = 0
            try:
                for cells in reader:
                    if len(cells) > self._width and is_too_wide(cells, self._width):
                        row = "".join(lines[taken : reader.line_num])
                        cells = (self._repair.row_at_start(row) or (cells, 0))[0]
                    taken = reader.line_num
                    yield cells
            except csv.Error:
                self._at += taken
                failed = lines[taken : reader.line_num]
                at_end = reader.line_num == len(lines)
                if at_end and not self._single and self._may_go_on(failed):
                    self._more(count := 2 * len(failed))
                else:
                    yield self._damaged_row(len(failed), at_end)
                    count = _FIRST_COUNT
            else:
                self._at += taken
                self._single -= bool(self._single)
                count *= 2

    def _may_go_on(self, row: list[str]) -> bool:
        return sum(map(len, row)) < _MAX_ROW_CHARACTERS and self._more(len(row) + 1)

    def _damaged_row(self, failed: int, at_end: bool) -> list[str] | str:
        """Take the row that begins here and was refused; at_end: for want of further lines.

        Where nothing can be made of its failed lines, only the first is left out. The others are
        read as a row each, but for the last where it showed the damage: there a row may open.
        """
        count = 1 if self._single or self._budget < 0 else failed
        while True:
            text = "".join(self._lines[self._at : self._at + count])
            found = self._repair.row_at_start(text)
            if found:
                break
            self._budget -= len(text)
            if self._single or len(text) > _REPAIR_CHARACTERS or self._budget < 0:
                break
            self._more(2 * count)
            tried, count = count, min(2 * count, len(self._lines) - self._at)
            if count == tried:
                break
        self._single = max(self._single - 1, 0)
        if found:
            row, length = found
            while length > 0:
                length -= len(self._lines[self._at])
                self._at += 1
            return row
        self._single = self._single or max(failed - (1 if at_end else 2), 0)
        self._at += 1
        return self._repair.line_alone(self._lines[self._at - 1])
