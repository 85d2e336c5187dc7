"""The embedded default store: one SQLite file, used by all processes of one machine."""

from api.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
