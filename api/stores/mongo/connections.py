"""One client per process, its read and write guarantees, and translation of the driver's errors.

A write counts once a majority of the replica set has journalled it; the driver repeats it once if
the connection broke (https://www.mongodb.com/docs/manual/core/retryable-writes/). Reads return only
what a majority has, so nothing that was acted upon can be rolled back. Every wait has a limit.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.monitoring import CommandListener

from api.errors import StoreUnavailableError

Document = dict[str, Any]
MongoDatabase = Database[Document]

DEFAULT_DATABASE = "moodline"
PROMISES: dict[str, Any] = {
    "appname": "moodline",
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "retryWrites": True,
    "retryReads": True,
    "connect": False,
}
"""Options that a connection string cannot change."""
WAITS: dict[str, Any] = {
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "wTimeoutMS": 10_000,  # below socketTimeoutMS, so that the server says why
    "socketTimeoutMS": 20_000,
}
"""Limits that apply unless the connection string sets them."""

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18


def unavailable(exc: Exception, where: str) -> StoreUnavailableError:
    """Return the error that says what an error of the driver means and what to do about it."""
    return StoreUnavailableError(_what(exc).format(where=where, kind=type(exc).__name__))


def _what(exc: Exception) -> str:
    if isinstance(exc, ConnectionFailure):
        return (
            "the store {where} does not answer ({kind}): see that MongoDB runs there, has a "
            "primary, and that STORE_URL names it"
        )
    if isinstance(exc, WTimeoutError | WriteConcernError):
        return "the store {where} could not confirm a write on most of its members in time"
    if isinstance(exc, ExecutionTimeout):
        return "the store {where} stayed busy with other work: try again"
    if isinstance(exc, ConfigurationError):
        return "STORE_URL cannot be used ({kind}): see the form of MongoDB's connection strings"
    if isinstance(exc, OperationFailure) and exc.code in (_UNAUTHORIZED, _AUTHENTICATION_FAILED):
        return (
            "the store {where} refused the login or lacks a right: see the user in STORE_URL, "
            "which needs readWrite and dbAdmin on the database"
        )
    return "the store {where} failed, see the log: {kind}"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise StoreUnavailableError for any error of the driver that leaves the block."""
    try:
        yield
    except (PyMongoError, BSONError, OverflowError) as exc:
        raise unavailable(exc, where) from exc


class Connections:
    """The database, through one client per process.

    A client has threads and sockets, which do not survive a fork, so it is created at the first
    call in a process (https://www.mongodb.com/docs/languages/python/pymongo-driver/current/faq/).
    """

    def __init__(self, url: str, listeners: Sequence[CommandListener] = ()) -> None:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2]  # never the password
        self.where = f"{parts.scheme}://{hosts}/{parts.path.strip('/') or DEFAULT_DATABASE}"
        said = {name.lower() for name in parse_qs(parts.query)}
        waits = {name: wait for name, wait in WAITS.items() if name.lower() not in said}
        self._options = {**PROMISES, **waits}
        self._url = url
        self._listeners = list(listeners)
        self._clients: dict[int, MongoClient[Document]] = {}
        self._closed = False

    @contextmanager
    def using(self) -> Iterator[MongoDatabase]:
        """Return the database; errors of the driver in the block become StoreUnavailableError."""
        if self._closed:
            raise StoreUnavailableError(f"the store {self.where} is closed: open it anew")
        with translated(self.where):
            yield self._client().get_default_database(DEFAULT_DATABASE)

    def close(self) -> None:
        """Close the client of this process; other processes close their own."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _client(self) -> MongoClient[Document]:
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            # If two threads come first, one client is used; the other has opened nothing yet.
            client = self._clients.setdefault(
                process, MongoClient(self._url, event_listeners=self._listeners, **self._options)
            )
        return client


class StorePart:
    """Base of the parts of the store, which share its connections."""

    _connections: Connections
