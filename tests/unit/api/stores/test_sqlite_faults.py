"""Prove that each failure of SQLite is told in words that say what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api.errors import StoreUnavailableError
from api.stores.sqlite.connections import translated, unavailable


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


def test_a_full_disk_is_told(path: Path) -> None:
    exc = error_of(path, "PRAGMA max_page_count = 2", "INSERT INTO t VALUES (zeroblob(99999))")

    assert (
        unavailable(exc, "f").detail == "the disk that holds the store f is full: free some space"
    )


def test_a_file_that_may_not_be_written_is_told(path: Path) -> None:
    exc = error_of(path, "INSERT INTO t VALUES (1)", mode="ro")

    assert "f cannot be written" in unavailable(exc, "f").detail


def test_a_damaged_file_is_told(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))

    exc = error_of(path, "SELECT * FROM t")

    assert unavailable(exc, "f").detail == "the store f is damaged: restore it from a backup"


def test_a_fault_of_the_service_itself_is_named_by_its_kind(path: Path) -> None:
    exc = error_of(path, "SELECT * FROM nowhere")

    assert unavailable(exc, "f").detail == "the store f failed, see the log: OperationalError"


def test_an_error_without_a_code_is_translated_too() -> None:
    with pytest.raises(StoreUnavailableError), translated("f"):
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


def test_the_error_of_sqlite_stays_the_cause() -> None:
    exc = sqlite3.OperationalError("x")

    with pytest.raises(StoreUnavailableError) as caught, translated("f"):
        raise exc

    assert caught.value.__cause__ is exc


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), translated("f"):
        raise KeyError("x")
