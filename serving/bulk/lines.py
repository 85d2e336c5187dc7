"""Lines of a text file as bytes come from it, bounded in length and with their positions."""

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serving.bulk.errors import UnusableError
from serving.bulk.rows import ROW_BYTES, SHOWN_CHARS

BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
PACKED = {
    b"\x1f\x8b": "gzip -dc",
    b"PK\x03\x04": "unzip -p",
    b"BZh": "bzip2 -dc",
    b"\xfd7zXZ\x00": "xz -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
}
"""How files begin that are packed, and the command that unpacks each."""

_LOOKED_AT = 4096
_UTF_8_MARK = b"\xef\xbb\xbf"


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
            data = data.removeprefix(_UTF_8_MARK)
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


def check_text_file(encoding: str, stream: io.BufferedReader, path: Path) -> None:
    """Raise UnusableError unless lines and separators of the file can be found before decoding."""
    beginning = stream.peek(_LOOKED_AT)[:_LOOKED_AT]
    plain_name = f"unpacked{path.suffix}"
    for mark, command in PACKED.items():
        if beginning.startswith(mark):
            raise UnusableError(
                f"{path} is packed: unpack it first, for example with"
                f" {command} {path} > {plain_name}"
            )
    try:
        plain = 'text,"\r\n;\t|{}'.encode(encoding) == b'text,"\r\n;\t|{}'
    except LookupError:
        raise UnusableError(f"--encoding {encoding} is not known; UTF-8 is utf-8") from None
    # Without a byte order mark, every second byte of plain letters is 0.
    wide = beginning[:2].count(0) == 1 or beginning.startswith(BYTE_ORDER_MARKS)
    if not plain or wide:
        raise UnusableError(
            f"{path} is in UTF-16 or another encoding that cannot be read line by line: convert it"
            f" to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8 {path} >"
            f" utf8{path.suffix}"
        )
    if b"\r" in beginning[:-1].replace(b"\r\n", b"") and b"\n" not in beginning:
        raise UnusableError(
            f"the lines of {path} end with CR alone, as on old Macs: convert it first, for example"
            f" with tr '\\r' '\\n' < {path} > lines{path.suffix}"
        )
