"""Lines of a text file as bytes come from it, bounded in length and with their positions."""

import codecs
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from serving.bulk.errors import UnusableError
from serving.bulk.rows import ROW_BYTES, SHOWN_CHARS

PACKED = {
    ".gz": (rb"\x1f\x8b", "gzip -dc"),
    ".zip": (rb"PK\x03\x04", "unzip -p"),
    ".bz2": (rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)", "bzip2 -dc"),
    ".xz": (rb"\xfd7zXZ\x00", "xz -dc"),
    ".zst": (rb"\x28\xb5\x2f\xfd", "zstd -dc"),
}
"""Endings of packed files: the pattern of their first bytes, and the command that unpacks them."""

_LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end-of-line characters, and the byte of the file where it ends.

    Bytes that the encoding does not know are shown as `\\xff`; `decoded` is false then. Of a line
    that is too long only the beginning is here; `whole` is false then.
    """

    text: str
    end: int
    decoded: bool = True
    whole: bool = True


class Lines:
    """The lines of a file from a position on; lines can be put back to be read again."""

    def __init__(self, stream: io.BufferedIOBase, encoding: str, start: int = 0) -> None:
        """Read from `start` on; a byte order mark of UTF-8 at the file's beginning is left out."""
        stream.seek(start)
        self._stream = stream
        self._encoding = encoding
        self._end = start
        self._again: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        if self._again:
            return self._again.popleft()
        data = self._stream.readline(ROW_BYTES)
        if not data:
            raise StopIteration
        first = not self._end
        self._end += len(data)
        whole = len(data) < ROW_BYTES or data.endswith(b"\n")
        if not whole:
            data = data[:SHOWN_CHARS]
            self._skip_line()
        if first:
            data = data.removeprefix(codecs.BOM_UTF8)
        try:
            return Line(data.decode(self._encoding), self._end, whole=whole)
        except UnicodeDecodeError:
            text = data.decode(self._encoding, "backslashreplace")
            return Line(text, self._end, decoded=False, whole=whole)

    def put_back(self, lines: list[Line]) -> None:
        """Yield these lines again, next."""
        self._again.extendleft(reversed(lines))

    def _skip_line(self) -> None:
        """Read to the end of the line and keep nothing of it."""
        data = b""
        while not data.endswith(b"\n") and (data := self._stream.readline(ROW_BYTES)):
            self._end += len(data)


def check_unpacked(path: Path, beginning: bytes = b"") -> None:
    """Raise UnusableError with the command that unpacks the file, if its name or bytes need one."""
    for ending, (pattern, command) in PACKED.items():
        named = path.suffix.lower() == ending
        if named or re.match(pattern, beginning):
            plain = path.with_suffix("") if named else path
            unpacked = quote(f"unpacked{plain.suffix or '.csv'}")
            raise UnusableError(
                f"{path} is packed: unpack it first, for example with"
                f" {command} {quote(str(path))} > {unpacked}"
            )


def check_text_file(encoding: str, stream: io.BufferedReader, path: Path) -> None:
    """Raise UnusableError unless lines and separators of the file can be found before decoding."""
    beginning = stream.peek(_LOOKED_AT)[:_LOOKED_AT]
    check_unpacked(path, beginning)
    try:
        encoded = 'text,"\r\n;\t|{}'.encode(encoding).removeprefix(codecs.BOM_UTF8)
    except (LookupError, UnicodeError):
        raise UnusableError(f"--encoding {encoding} is not known; UTF-8 is utf-8") from None
    wide = _wide_encoding(beginning)
    if wide or encoded != b'text,"\r\n;\t|{}':
        # Of names that hold for Python, iconv knows neither UTF-16-LE nor UTF-32-BE.
        named = re.sub("-([BL]E)$", r"\1", codecs.lookup(encoding).name.upper())
        raise UnusableError(
            f"{path} is in UTF-16 or another encoding that cannot be read line by line: convert it"
            f" to UTF-8 first, for example with iconv -f {wide or named} -t UTF-8"
            f" {quote(str(path))} > {quote(f'utf8{path.suffix}')}"
        )
    if b"\r" in beginning[:-1] and b"\n" not in beginning:
        raise UnusableError(
            f"the lines of {path} end with CR alone, as on old Macs: convert it first, for example"
            f" with tr '\\r' '\\n' < {quote(str(path))} > {quote(f'lines{path.suffix}')}"
        )


def _wide_encoding(beginning: bytes) -> str | None:
    """Return iconv's name of the encoding, if it has two or four bytes for every plain letter."""
    if beginning.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    # Without a byte order mark, all bytes of a plain letter but one are 0: the first or the last.
    order = "BE" if beginning[:1] == b"\0" else "LE"
    if beginning[:4].count(0) == 3:
        return f"UTF-32{order}"
    return f"UTF-16{order}" if beginning[:2].count(0) == 1 else None
