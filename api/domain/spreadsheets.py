"""Texts in cells of a spreadsheet: a leading apostrophe keeps one from being run as a formula.

Spreadsheets run a cell that begins with =, +, - or @ (also in full width), whatever its quotes in
the file, and some look past blanks, tabs and line breaks before it. A text that does gets one
apostrophe in front, and so does one that differs from such a text only by apostrophes; so reading
takes back just what writing added, and every other text stays as it is.
"""

import re

_RUN = re.compile(r"'*[\t\r\n]|'*\s*[=+\-@＝＋－＠]")
_DEFUSED = re.compile(rf"'(?={_RUN.pattern})")


def defused(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if _RUN.match(text) else text


def undefused(cell: str) -> str:
    """Return the text of a cell that was written by defused."""
    return cell[1:] if _DEFUSED.match(cell) else cell
