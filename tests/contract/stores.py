"""Name every store that must pass the contract suite.

A new adapter joins by one entry in BACKENDS. A backend travels to other processes, so that tests
can open the same data from several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from api.adapters.sqlite_store import SqliteStore
from api.ports import Store


class StoreBackend(Protocol):
    """Hold the data of one test; open() gives a new store on it. Can be pickled."""

    def open(self) -> Store: ...


@dataclass(frozen=True, slots=True)
class SqliteBackend:
    path: Path

    def open(self) -> Store:
        return SqliteStore(self.path)


BACKENDS: dict[str, Callable[[Path], StoreBackend]] = {
    "sqlite": lambda folder: SqliteBackend(folder / "moodline.db"),
}
"""Map a name to what makes an empty backend for one test, given a folder of its own."""
