"""Each failure of SQLite and MongoDB says what to do, and never a password."""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from pymongo.errors import (
    AutoReconnect,
    OperationFailure,
    PyMongoError,
    WriteError,
    WTimeoutError,
)

from api.errors import StoreUnavailableError
from api.stores.mongo import MongoStore
from api.stores.mongo import connections as mongo
from api.stores.mongo.connections import PROMISES, WAITS, Connections
from api.stores.sqlite import connections as sqlite

WHERE = "mongodb://db/moodline"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    return path


def error_of(path: Path, *statements: str, mode: str = "rw") -> sqlite3.Error:
    """Return the error that SQLite itself raises for one of the statements."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True)) as connection:
        try:
            for statement in statements:
                connection.execute(statement)
        except sqlite3.Error as exc:
            return exc
    pytest.fail("SQLite raised no error")


@pytest.mark.parametrize(
    ("statements", "mode", "told"),
    [
        (
            ("PRAGMA max_page_count = 2", "INSERT INTO t VALUES (zeroblob(99999))"),
            "rw",
            "the disk that holds the store f is full: free some space",
        ),
        (
            ("INSERT INTO t VALUES (1)",),
            "ro",
            "the store f cannot be written: let the service write to the file and its folder",
        ),
        (("SELECT * FROM gone",), "rw", "the store f failed, see the log: OperationalError"),
    ],
    ids=["full disk", "read-only", "fault of the service"],
)
def test_each_failure_of_sqlite_is_told(
    path: Path, statements: tuple[str, ...], mode: str, told: str
) -> None:
    exc = error_of(path, *statements, mode=mode)

    assert sqlite.unavailable(exc, "f").detail == told


def test_a_damaged_file_is_told(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))

    exc = error_of(path, "SELECT * FROM t")

    assert sqlite.unavailable(exc, "f").detail == "the store f is damaged: restore it from a backup"


Translated = Callable[[str], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("translated", "error"),
    [
        (sqlite.translated, sqlite3.OperationalError("x")),
        # An error that the Python module raises itself has no code.
        (sqlite.translated, sqlite3.ProgrammingError("Cannot operate on a closed database.")),
        (mongo.translated, AutoReconnect("x")),
    ],
    ids=["sqlite", "sqlite without a code", "mongo"],
)
def test_the_error_of_the_database_stays_the_cause(
    translated: Translated, error: Exception
) -> None:
    with pytest.raises(StoreUnavailableError) as caught, translated(WHERE):
        raise error

    assert caught.value.__cause__ is error


@pytest.mark.parametrize("translated", [sqlite.translated, mongo.translated])
def test_other_errors_pass_unchanged(translated: Translated) -> None:
    with pytest.raises(KeyError), translated(WHERE):
        raise KeyError("x")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AutoReconnect("x"), "does not answer"),
        (WTimeoutError("x", 64, {}), "most of its members"),
        (OperationFailure("x", 18), "refused the login"),
        (OperationFailure("x", 13), "lacks a right"),
        (WriteError("x", 121), "failed, see the log: WriteError"),
        (PyMongoError("x"), "failed, see the log: PyMongoError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_failure_is_told(error: PyMongoError, told: str) -> None:
    assert told in mongo.unavailable(error, WHERE).detail


def test_an_address_is_told_without_its_password() -> None:
    connections = Connections("mongodb://user:secret@db:27017/moods?authSource=admin")

    assert connections.where == "mongodb://db:27017/moods"


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def hang_up() -> None:
            while True:
                try:
                    listening.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_server_that_hangs_up_is_told_as_soon_as_the_address_says(silent_port: int) -> None:
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        MongoStore(f"mongodb://127.0.0.1:{silent_port}/moodline?serverSelectionTimeoutMS=300")


def test_writes_need_a_majority_with_its_journal_and_no_wait_is_without_an_end() -> None:
    assert (PROMISES["w"], PROMISES["journal"], PROMISES["retryWrites"]) == ("majority", True, True)
    assert len(WAITS) == 4
    assert all(0 < wait <= 20_000 for wait in WAITS.values())
