"""Every store that must pass the contract suite.

A new adapter needs one entry in BACKENDS. A backend can be sent to other processes, so that tests
can open the same data in several.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from api.ports.store import Retention, Store
from api.stores.mongo import MongoStore
from api.stores.sqlite import SqliteStore

FOR_EVER = Retention(posts=timedelta(days=20_000), moods=timedelta(days=20_000))
"""The posts of the suite are of a fixed day, which a server with its own clock would delete."""


KEPT = Retention(posts=timedelta(days=30), moods=timedelta(days=365))
"""The one retention besides FOR_EVER that tests use: the stand-in cannot change an index."""

TODAY = datetime.now(UTC).replace(microsecond=0)
"""The real day: a server that deletes by its own clock keeps what was saved today."""


class StoreBackend(Protocol):
    """The data of one test; open() returns a new store on it. It can be pickled.

    many is how many posts are a large save to it.
    """

    @property
    def many(self) -> int: ...

    def open(self, retention: Retention = FOR_EVER) -> Store: ...


@dataclass(frozen=True, slots=True)
class SqliteBackend:
    path: Path
    many: int = 400

    def open(self, retention: Retention = FOR_EVER) -> Store:
        return SqliteStore(self.path, retention=retention)


@dataclass(frozen=True, slots=True)
class MongoBackend:
    url: str
    other_url: str
    many: int = 32  # the stand-in saves one or two hundred per second

    def open(self, retention: Retention = FOR_EVER) -> Store:
        # Not the same database: the stand-in cannot change an index in place.
        url = self.url if retention is FOR_EVER else self.other_url
        return MongoStore(url, retention=retention)


BACKENDS = ("sqlite", "mongo")
