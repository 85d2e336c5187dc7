"""Say in one line, for people, why SQLite could not do its part."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import StoreUnavailableError

# By primary result code (https://www.sqlite.org/rescode.html); "{file}" is the store's file.
_WHAT_TO_DO = {
    sqlite3.SQLITE_FULL: "the disk that holds the store {file} is full: free some space",
    sqlite3.SQLITE_READONLY: (
        "the store {file} cannot be written: let the service write to the file and its folder"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the store {file} cannot be opened: its folder must exist and the service must be "
        "allowed to write there"
    ),
    sqlite3.SQLITE_PERM: "the store {file} may not be opened: let the service read and write it",
    sqlite3.SQLITE_NOTADB: (
        "{file} is not a store: it is no SQLite database; name another file, or move this one away"
    ),
    sqlite3.SQLITE_CORRUPT: "the store {file} is damaged: restore it from a backup",
    sqlite3.SQLITE_IOERR: "the disk that holds the store {file} failed to read or write: check it",
    sqlite3.SQLITE_BUSY: "the store {file} stayed busy with other writes: try again",
    sqlite3.SQLITE_LOCKED: "the store {file} stayed busy with other writes: try again",
}
_PRIMARY = 0xFF  # the low byte of an extended result code is its primary code


def unavailable(exc: sqlite3.Error, file: str) -> StoreUnavailableError:
    """Return the error that tells what an SQLite error means and what to do about it."""
    # Errors that the Python module raises by itself ("closed database") carry no code.
    code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    what = _WHAT_TO_DO.get(code & _PRIMARY)
    if what is None:
        return StoreUnavailableError(f"the store {file} failed, see the log: {type(exc).__name__}")
    return StoreUnavailableError(what.format(file=file))


@contextmanager
def translated(file: str) -> Iterator[None]:
    """Raise StoreUnavailableError in place of any SQLite error of the block."""
    try:
        yield
    except sqlite3.Error as exc:
        raise unavailable(exc, file) from exc
