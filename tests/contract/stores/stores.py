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

KEPT = Retention(posts=timedelta(days=30), moods=timedelta(days=365))

TODAY = datetime.now(UTC).replace(microsecond=0)


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
    many: int = 32  # the stand-in saves one or two hundred per second

    def open(self, retention: Retention = FOR_EVER) -> Store:
        return MongoStore(self.url, retention=retention)


BACKENDS = ("sqlite", "mongo")
