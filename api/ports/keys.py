"""Name what keeps API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from api.domain.api_keys import ApiKey


class KeyStore(Protocol):
    """Keep API keys. Every method may raise StoreUnavailableError."""

    def add_key(self, key: ApiKey) -> None:
        """Keep a key; its prefix is new."""
        ...

    def key(self, prefix: str) -> ApiKey | None:
        """Return the key of that prefix, or None; prefix may be any text."""
        ...

    def all_keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        ...

    def note_use(self, prefix: str, at: datetime) -> None:
        """Record when a key was last used; one that is not there is ignored."""
        ...

    def remove_key(self, prefix: str) -> bool:
        """Forget a key; tell whether there was one."""
        ...
