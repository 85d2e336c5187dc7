"""Port for stored API keys."""

from datetime import datetime
from typing import Protocol

from api.domain.api_keys import ApiKey


class KeyStore(Protocol):
    """API keys. Every method may raise StoreUnavailableError."""

    def add_key(self, key: ApiKey) -> None:
        """Save a key with a new prefix."""

    def key(self, prefix: str) -> ApiKey | None:
        """Return the key with that prefix, or None; prefix may be any text."""

    def all_keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""

    def note_use(self, prefix: str, at: datetime) -> None:
        """Record when a key was last used; an unknown one is ignored."""

    def replace_digest(self, prefix: str, digest: bytes) -> None:
        """Replace the digest of a key; an unknown one is ignored."""

    def remove_key(self, prefix: str) -> bool:
        """Delete a key; return whether there was one."""
