"""Copies of moved rows in the store's file, which SQLite's secure_delete does not overwrite.

SQLite overwrites a row where it lies. But when it moves rows to a neighbouring page, to balance a
b-tree, a copy may stay in the unallocated space of the page that they left, and outlives them: one
erasure in some ten left a text behind. VACUUM would remove the copies, and hold up every writer
until the whole file is written anew. Here the unallocated space of the pages concerned is filled
with zeros: bytes that have no meaning, so nobody reads them, not even after a crash in between.

Format: https://www.sqlite.org/fileformat2.html#b_tree_pages.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from api.errors import StoreUnavailableError

_CELL_POINTERS = {2: 12, 5: 12, 10: 8, 13: 8}
"""Where the array of cell pointers of a b-tree page begins, by the page's type."""

_FILE_HEADER = 100  # bytes of the first page
_AT_ONCE = 256  # pages
# Other pages begin with a page number of four bytes: from here on it could look like a type.
_MOST_PAGES = 2 << 24

_open_files: dict[tuple[int, int], int] = {}


class Leftovers:
    """The unallocated space of the b-tree pages of one file.

    The descriptor stays open until the process ends: closing it would drop the locks that SQLite
    has on the file in this process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """

    def __init__(self, path: Path) -> None:
        status = path.stat()
        key = (status.st_dev, status.st_ino)
        if key not in _open_files:
            _open_files[key] = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._file = _open_files[key]
        size = int.from_bytes(os.pread(self._file, 2, 16))
        self._page_size = 65_536 if size == 1 else size

    def pages(self) -> list[int]:
        """Return the pages, counted from 0, that have something in their unallocated space."""
        return [page for page, content in self._read() if _unallocated(page, content).strip(b"\0")]

    def overwrite(self, pages: Iterable[int]) -> None:
        """Fill the unallocated space of these pages with zeros and sync the file.

        The caller holds the store's write lock and its log is empty, so that no other program
        changes the file, and writes afterwards, so that others forget the pages in their memory.
        """
        for page in pages:
            at = page * self._page_size
            content = os.pread(self._file, self._page_size, at)
            begin, end = _bounds(page, content)
            os.pwrite(self._file, bytes(end - begin), at + begin)
        os.fsync(self._file)

    def _read(self) -> Iterator[tuple[int, bytes]]:
        count = os.fstat(self._file).st_size // self._page_size
        if count >= _MOST_PAGES:
            raise StoreUnavailableError(
                "the store is too large to find what deleted rows have left in it; "
                "keep it in MongoDB"
            )
        for first in range(0, count, _AT_ONCE):
            at = first * self._page_size
            piece = os.pread(self._file, _AT_ONCE * self._page_size, at)
            for place in range(len(piece) // self._page_size):
                start = place * self._page_size
                yield first + place, piece[start : start + self._page_size]


def _unallocated(page: int, content: bytes) -> bytes:
    begin, end = _bounds(page, content)
    return content[begin:end]


def _bounds(page: int, content: bytes) -> tuple[int, int]:
    """Return where the unallocated space of a page begins and ends; 0, 0 if it has none."""
    header = 0 if page else _FILE_HEADER
    pointers = _CELL_POINTERS.get(content[header])
    if pointers is None:
        return 0, 0
    cells = int.from_bytes(content[header + 3 : header + 5])
    begin = header + pointers + 2 * cells
    end = int.from_bytes(content[header + 5 : header + 7]) or 65_536
    return (begin, end) if begin <= end <= len(content) else (0, 0)
