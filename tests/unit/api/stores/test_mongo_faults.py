"""Prove that each failure of MongoDB is told in words that say what to do, and never a password."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError, WriteError, WTimeoutError

from api.errors import StoreUnavailableError
from api.stores.mongo import MongoStore
from api.stores.mongo.connections import PROMISES, WAITS, Connections, translated, unavailable

WHERE = "mongodb://db/moodline"


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
    assert told in unavailable(error, WHERE).detail


def test_the_error_of_the_driver_stays_the_cause() -> None:
    error = AutoReconnect("x")

    with pytest.raises(StoreUnavailableError) as caught, translated(WHERE):
        raise error

    assert caught.value.__cause__ is error


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), translated(WHERE):
        raise KeyError("x")


def test_an_address_is_told_without_its_password() -> None:
    connections = Connections("mongodb://user:secret@db:27017/moods?authSource=admin")

    assert connections.where == "mongodb://db:27017/moods"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Listen and close each connection at once."""
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
