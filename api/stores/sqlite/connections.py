"""Connections to the store's file: pool, transactions and translation of SQLite's errors.

A connection is lent to one caller at a time and returns to a small pool, so threads that end leave
nothing open. Readers never wait (write-ahead log). Writers take turns: within the process through a
lock, which hands over at once, among processes through SQLite's own lock, which polls.

Every commit is synced to disk (synchronous=FULL): the store is the queue of record, and NORMAL
could lose the newest commits, an accepted analysis among them, when the power fails. Deleted
content is overwritten (secure_delete, and `leftovers` for what that leaves), because erasing a user
promises that it is gone.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.errors import StoreUnavailableError
from api.stores.sqlite.leftovers import Leftovers
from api.stores.sqlite.schema import check_owner, migrate

_MOST_IDLE = 8
_LOG_TURN_SECONDS = 0.1  # enough for readers of one statement to end
_TRIES = 10
PING = "UPDATE facts SET value = value + 1 WHERE name = 'pings'"  # a write that changes nothing
_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 16777216",  # after a large import the log shrinks to 16 MiB
)

# By primary result code (https://www.sqlite.org/rescode.html); "{file}" is the store's file.
_BUSY = "the store {file} stayed busy with other writes: try again"
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
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
_PRIMARY = 0xFF  # the low byte of an extended result code is its primary code


def primary_code(exc: sqlite3.Error) -> int:
    """Return the primary result code of an error, such as sqlite3.SQLITE_BUSY."""
    # Errors that the Python module raises itself ("closed database") carry no code.
    return int(getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & _PRIMARY


def unavailable(exc: sqlite3.Error, file: str) -> StoreUnavailableError:
    """Return the error that says what an SQLite error means and what to do about it."""
    what = _WHAT_TO_DO.get(primary_code(exc))
    if what is None:
        return StoreUnavailableError(f"the store {file} failed, see the log: {type(exc).__name__}")
    return StoreUnavailableError(what.format(file=file))


@contextmanager
def translated(file: str) -> Iterator[None]:
    """Raise StoreUnavailableError for any SQLite error in the block."""
    try:
        yield
    except sqlite3.Error as exc:
        raise unavailable(exc, file) from exc


class Connections:
    """Connections to one file, which is created and migrated on opening."""

    def __init__(
        self, path: Path, *, busy_seconds: float, trace: Callable[[str], None] | None
    ) -> None:
        self.file = str(path)
        self._path = path.absolute()
        self._log = Path(f"{self._path.resolve()}-wal")
        self._uri = f"{self._path.as_uri()}?"
        self._busy_seconds = busy_seconds
        self._trace = trace
        self._closed = False
        self._pid = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._write_lock = threading.Lock()
        self._create()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one reading statement."""
        with translated(self.file), self._lent() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose statements all read the state of the store at the first one."""
        with translated(self.file), self._lent() as connection, _within(connection, "BEGIN"):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a writing transaction: committed as a whole or not at all."""
        with (
            translated(self.file),
            self._write_turn(),
            self._lent() as connection,
            _within(connection, "BEGIN IMMEDIATE"),
        ):
            yield connection

    @contextmanager
    def writing_on(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Run a writing transaction on a connection that was lent before."""
        with translated(self.file), self._write_turn(), _within(connection, "BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading_on(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Run a transaction that sees one state on a connection that was lent before."""
        with translated(self.file), _within(connection, "BEGIN"):
            yield

    @contextmanager
    def separate(self) -> Iterator[sqlite3.Connection]:
        """Open a connection for the caller only, closed afterwards with its temporary tables."""
        self._check_usable()
        with translated(self.file):
            connection = self._connect("rw")
        try:
            yield connection
        finally:
            connection.close()

    def remove_deleted(self) -> bool:
        """Empty the write-ahead log, and overwrite what deleted rows have left in the file.

        Returns whether that is done. Writers wait for it _LOG_TURN_SECONDS at most: a reader that
        holds an old state of the store, and with it the log, may hold it for long.
        """
        with self.separate() as connection, translated(self.file):
            connection.execute(f"PRAGMA busy_timeout = {round(_LOG_TURN_SECONDS * 1000)}")
            # First without a lock, so that little is left to do while writers wait.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not _log_is_emptied(connection):
                return False
            leftovers = Leftovers(self._path)
            pages = leftovers.pages()
            if not pages:
                return True
            for _ in range(_TRIES):
                if not _log_is_emptied(connection):
                    return False
                with self.writing_on(connection):
                    if _size(self._log) > 0:
                        continue  # another writer came first
                    leftovers.overwrite(pages)
                    connection.execute(PING)
                    return True
        return False

    def close(self) -> None:
        """Close idle connections; a lent one is closed when it is returned."""
        self._closed = True
        if self._pid != os.getpid():
            return  # in a forked process even closing would damage the parent's files
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _create(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._is_new()
        except OSError as exc:
            raise StoreUnavailableError(
                f"the folder of the store {self.file} cannot be made: {exc.strerror}; "
                "name another place, or let the service write there"
            ) from exc
        with translated(self.file), self._lent("rwc" if new else "rw") as connection:
            check_owner(connection, self.file)
            if new:
                # Only the owner may read what people wrote. The log files get the same mode.
                self._path.chmod(0o600)
            self._keep_log(connection)
            migrate(connection, self.file)

    def _is_new(self) -> bool:
        """Return whether there is no store yet; raise where there is only its write-ahead log.

        SQLite deletes the log of a file that is missing or empty when it opens it, and with the log
        all that was committed since the last checkpoint, even if the file comes back later.
        """
        # The log first: a process that makes the store just now has its file before its log.
        has_log = _size(self._log) > 0
        size = _size(self._path)
        if has_log and size <= 0:
            raise StoreUnavailableError(
                f"the store {self.file} is missing or empty, and its log {self.file}-wal is there: "
                "put the file back, or move the log away if the store is to begin anew"
            )
        return size < 0

    def _keep_log(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as exc:
                # Only here SQLite does not wait by itself for another process that starts.
                if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
                continue
            if mode != "wal":
                raise StoreUnavailableError(
                    f"the store {self.file} must lie on a local disk: its folder does not allow "
                    "the shared memory of SQLite's write-ahead log"
                )
            return

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreUnavailableError(f"the store {self.file} is closed: open it anew")
        if self._pid != os.getpid():
            # SQLite's locks do not survive a fork, and it does not notice: the file is damaged
            # (https://www.sqlite.org/howtocorrupt.html, 2.6).
            raise StoreUnavailableError(
                f"the store {self.file} was opened before this process was forked: "
                "fork first, then open the store in each process"
            )

    @contextmanager
    def _lent(self, mode: str = "rw") -> Iterator[sqlite3.Connection]:
        self._check_usable()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect(mode)
        sound = True
        try:
            yield connection
        except sqlite3.Error:
            sound = False
            raise
        finally:
            if sound and not self._closed and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            # "rw": if the file was moved away, no empty new one may take its place.
            f"{self._uri}mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,  # lent to one thread at a time
        )
        connection.row_factory = sqlite3.Row
        connection.set_trace_callback(self._trace)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _write_turn(self) -> Iterator[None]:
        self._check_usable()  # first: a lock that was taken while forking is never released
        if not self._write_lock.acquire(timeout=self._busy_seconds):
            raise StoreUnavailableError(_BUSY.format(file=self.file))
        try:
            yield
        finally:
            self._write_lock.release()


def _log_is_emptied(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and empty it, unless a reader needs it."""
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as exc:
        if primary_code(exc) != sqlite3.SQLITE_BUSY:
            raise
        return False
    return not busy


def _size(path: Path) -> int:
    """Return the size of a file, -1 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


class StorePart:
    """Base of the parts of the store, which share its connections."""

    _connections: Connections

    def _rows(self, statement: str, *parameters: str | int) -> list[sqlite3.Row]:
        """Return the rows of one reading statement."""
        with self._connections.reading() as connection:
            return connection.execute(statement, parameters).fetchall()


@contextmanager
def _within(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a failing disk may have ended the transaction already
            connection.execute("ROLLBACK")
        raise
