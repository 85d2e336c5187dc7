"""Put the parts of the SQLite store together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from api.ports.store import Retention
from api.stores.sqlite.analyses import AnalysisPart
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.keys import KeyPart
from api.stores.sqlite.moods import MoodPart
from api.stores.sqlite.posts import PostPart
from api.stores.sqlite.retention import RetentionPart
from api.stores.sqlite.sources import SourcePart
from api.stores.sqlite.users import UserPart


class SqliteStore(UserPart, PostPart, AnalysisPart, SourcePart, MoodPart, RetentionPart, KeyPart):
    """Be the ports Store and KeyStore in one SQLite file, for all processes of one machine.

    Threads may share it. The file and its folder are made where missing, readable by their owner
    alone. busy_seconds is how long a call waits for the writes of others; trace is called with each
    statement run. Each process opens a store of its own, after any fork: a forked one is refused.
    Opening raises StoreUnavailableError where the file cannot be opened, is not a store, or was
    written by a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention: Retention = Retention(),  # noqa: B008  frozen
        busy_seconds: float = 10.0,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._retention = retention
        self._connections = Connections(path, busy_seconds=busy_seconds, trace=trace)

    def ping(self) -> None:
        """Return where the store can be read and written; else raise StoreUnavailableError."""
        with self._connections.writing() as connection:
            # A true write: SQLite says only at the commit that the disk is full or read-only.
            connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'pings'")

    def close(self) -> None:
        """Let go of connections; any call after that raises StoreUnavailableError."""
        self._connections.close()
