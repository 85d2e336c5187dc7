"""Hold one client a process, with the promises that every read and write is made with.

A write counts once a majority of the replica set has it in its journal, and is sent again once by
the driver where the connection broke (https://www.mongodb.com/docs/manual/core/retryable-writes/);
reads see what a majority has, so nothing that is acted upon can be rolled back. No wait is without
an end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener

from api.errors import StoreUnavailableError
from api.stores.mongo.faults import translated

Document = dict[str, Any]

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
"""What no address may change."""
WAITS: dict[str, Any] = {
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "wTimeoutMS": 10_000,  # below socketTimeoutMS, so that the server says why
    "socketTimeoutMS": 20_000,
}
"""How long to wait where the address does not say."""


class Connections:
    """Lend the database to one call at a time; each process has a client of its own.

    A client has threads and sockets, which a fork does not carry over, so it is made at the first
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
    def using(self) -> Iterator[Database[Document]]:
        """Lend the database; errors of the driver become StoreUnavailableError."""
        if self._closed:
            raise StoreUnavailableError(f"the store {self.where} is closed: open it anew")
        with translated(self.where):
            yield self._client().get_default_database(DEFAULT_DATABASE)

    def close(self) -> None:
        """Close this process's client; those of other processes are theirs to close."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _client(self) -> MongoClient[Document]:
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            # Of two threads that come first one's is kept. The other's has opened nothing yet.
            client = self._clients.setdefault(
                process, MongoClient(self._url, event_listeners=self._listeners, **self._options)
            )
        return client
