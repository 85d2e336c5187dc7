"""Reading text, CSV and `text;label` files, with errors that name the file and line."""

import csv
from collections.abc import Iterator
from pathlib import Path

from export.errors import DataError


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file without their ends, and without a last empty one.

    Only LF and CRLF end a line: posts contain other separators. Raises DataError when the file
    is missing or is not UTF-8.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise DataError(f"{path}: cannot be read ({exc.strerror})") from exc
    except UnicodeDecodeError as exc:
        raise DataError(f"{path}: is not UTF-8 (byte {exc.start})") from exc
    lines = [line.removesuffix("\r") for line in content.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    return lines


def read_labelled_lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number, text and label of `text;label` lines; blank lines are skipped.

    The last semicolon of a line separates them. Raises DataError when a line has none.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            text, separator, label = line.rpartition(";")
            if not separator:
                raise DataError(f"{path}:{number}: is not `text;label`")
            yield number, text, label


def csv_rows(path: Path) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a CSV file by its header; raises DataError when it is not CSV."""
    # Not splitlines(): a post may contain a separator that ends no row.
    rows = csv.DictReader(f"{line}\n" for line in read_lines(path))
    try:
        yield from rows
    except csv.Error as exc:
        raise DataError(f"{path}: is not CSV after line {rows.line_num} ({exc})") from exc
