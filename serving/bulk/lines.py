"""Lines of a text file as bytes come from it, bounded in length and with their positions."""

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from serving.bulk.errors import UnusableError
from serving.bulk.rows import ROW_BYTES, SHOWN_CHARS

BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
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


def check_encoding(encoding: str, beginning: bytes, where: str) -> None:
    """Raise UnusableError unless lines and separators of the file can be found before decoding."""
    try:
        plain = 'text,"\r\n;\t|{}'.encode(encoding) == b'text,"\r\n;\t|{}'
    except LookupError:
        raise UnusableError(f"--encoding {encoding} is not known; UTF-8 is utf-8") from None
    if not plain or beginning.startswith(BYTE_ORDER_MARKS):
        raise UnusableError(
            f"{where} is in UTF-16 or another encoding that cannot be read line by line: convert it"
            f" to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8 {where} > utf8.csv"
        )
