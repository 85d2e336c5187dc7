"""Read a CSV row whose quotation marks are not doubled, as many exports write them.

Where `"He said "hi" to me"` ends cannot be known for sure. A mark before a delimiter or the end of
a line is taken to close the cell; marks inside it may pair up instead, or be escaped by a
backslash. What counts is which way gives as many cells as there are columns.
"""

import re


class CsvRowRepair:
    """Reader of single rows that the csv module refuses."""

    def __init__(self, delimiter: str, width: int) -> None:
        """Know the delimiter and how many cells a row has."""
        self._delimiter = delimiter
        self._width = width
        escaped = re.escape(delimiter)
        self._opening = re.compile(' *"')
        self._bare = re.compile(rf"[^{escaped}\r\n]*")
        self._line_end = re.compile(r"\r\n|\n|\r|\Z")
        self._line_break = re.compile(r"[\r\n]")
        self._closing = re.compile(rf'" *(?={escaped}|[\r\n]|\Z)')

    def row_at_start(self, text: str) -> tuple[list[str], int] | None:
        """Return the cells of the row that the text begins with, and its length.

        None where no way of reading gives as many cells as there are columns, or where the row
        seems to hold another. With more text it may be found.
        """
        for escapes in (True, False) if '\\"' in text else (False,):
            # Pairing marks makes cells longer, and no difference where none is left over.
            for pairs in (False, True):
                try:
                    cells, length, paired = self._row(text, escapes, pairs)
                except _NeverClosedError:
                    break
                if self._fits(cells) and (paired or "\n" not in text[:length].rstrip("\r\n")):
                    return cells, length
                if paired:
                    break
        return None

    def line_alone(self, line: str) -> list[str] | str:
        """Return the cells of a line of which no whole row could be made, or why it has none."""
        try:
            cells, _, paired = self._row(line, escapes=False, pairs=False)
        except _NeverClosedError:
            return "the quotation mark that opens in this row is never closed"
        if paired or len(cells) > self._width:
            return cells
        return "a quotation mark inside a cell must be written twice"

    def _fits(self, cells: list[str]) -> bool:
        return len(cells) >= self._width and not is_too_wide(cells, self._width)

    def _row(self, text: str, escapes: bool, pairs: bool) -> tuple[list[str], int, bool]:
        """Return the cells of the first row, its length and whether the marks inside them pair.

        escapes: a backslash before a mark keeps it from closing the cell; pairs: so does an open
        quotation inside the cell, as in "I said "yes", and left".
        """
        cells: list[str] = []
        paired = True
        at = 0
        while True:
            if opening := self._opening.match(text, at):
                cell, at, even = self._quoted(text, opening.end(), escapes, pairs)
                paired &= even
            else:
                bare = self._bare.match(text, at)
                cell = bare[0] if bare else ""
                at += len(cell)
            cells.append(cell)
            if not text.startswith(self._delimiter, at):
                line_end = self._line_end.match(text, at)
                return cells, line_end.end() if line_end else at, paired
            at += 1

    def _quoted(self, text: str, start: int, escapes: bool, pairs: bool) -> tuple[str, int, bool]:
        """Return the cell with its first character at start, its end, and if its marks pair."""
        done: list[str] = []
        kept = at = start
        inside = is_on_further_line = False
        looked_to = start
        while (mark := text.find('"', at)) >= 0:
            at = mark + 1
            # Each stretch between marks is looked at once, however many marks a cell has.
            is_on_further_line = is_on_further_line or bool(
                self._line_break.search(text, looked_to, mark)
            )
            looked_to = mark
            if escapes and mark > start and text[mark - 1] == "\\":
                done.append(text[kept : mark - 1])
                kept = mark
            elif closing := self._closing.match(text, mark):
                if not (inside and pairs):
                    return "".join(done) + text[kept:mark], closing.end(), not inside
                inside = False
            elif text.startswith('"', at):
                if inside and (closing := self._closing.match(text, at)):
                    return "".join(done) + text[kept:at], closing.end(), True
                done.append(text[kept:at])
                at = kept = mark + 2
            elif is_on_further_line and text[mark - 1] == self._delimiter:
                break  # it looks like the start of a cell of another row
            else:
                inside = not inside
        raise _NeverClosedError


class _NeverClosedError(Exception):
    """A quotation mark that the text at hand does not close."""


def is_too_wide(cells: list[str], width: int) -> bool:
    """Say whether there are more cells than columns, blank ones at the end left aside."""
    return len(cells) > width and any(cell.strip() for cell in cells[width:])
