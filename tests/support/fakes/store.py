"""The SQLite store in memory, and a proxy that fails on request around any store."""

import uuid
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.errors import StoreUnavailableError
from api.ports.store import Retention
from api.stores.sqlite import SqliteStore
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.schema import migrate


class MemoryStore(SqliteStore):
    """The SQLite store in the memory of this process: no file, no waiting for a disk."""

    def __init__(self, retention: Retention = Retention()) -> None:  # noqa: B008  frozen
        self._retention = retention
        self._connections = _MemoryConnections(Path("memory"), busy_seconds=10.0, trace=None)
        weakref.finalize(self, self._connections.close)


class _MemoryConnections(Connections):
    """Connections to one database of SQLite's memdb VFS, which lives while one of them is open."""

    def _create(self) -> None:
        self._uri = f"file:/{uuid.uuid4().hex}?vfs=memdb&"
        self._kept_open = self._connect("rwc")
        migrate(self._kept_open, self.file)

    def remove_deleted(self) -> bool:
        """Do nothing: there is no file in which anything could be left."""
        return True

    def close(self) -> None:
        super().close()
        self._kept_open.close()


class FailingStore:
    """A store whose calls raise StoreUnavailableError while `down` is set."""

    def __init__(self, store: SqliteStore | None = None) -> None:
        self.down = False
        self._store = store or MemoryStore()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.down and name != "close":
                raise StoreUnavailableError("The fake store is down.")
            return method(*args, **kwargs)

        return call
