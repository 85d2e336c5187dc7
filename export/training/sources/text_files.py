"""Reading text files by line, with errors that name the file."""

from __future__ import annotations

from pathlib import Path

from export.errors import DataError


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file without their ends; a last empty one is left out.

    Only LF and CRLF end a line: posts hold other separators. Raises DataError when the
    file is missing or is not UTF-8.
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
