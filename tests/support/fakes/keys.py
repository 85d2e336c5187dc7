"""A store of API keys in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from api.domain.api_keys import ApiKey


class FakeKeyStore:
    """Keep keys in a dictionary."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    def add_key(self, key: ApiKey) -> None:
        self._keys[key.prefix] = key

    def key(self, prefix: str) -> ApiKey | None:
        return self._keys.get(prefix)

    def all_keys(self) -> list[ApiKey]:
        return sorted(self._keys.values(), key=lambda key: key.created_at)

    def note_use(self, prefix: str, at: datetime) -> None:
        if prefix in self._keys:
            self._keys[prefix] = replace(self._keys[prefix], last_used_at=at)

    def remove_key(self, prefix: str) -> bool:
        return self._keys.pop(prefix, None) is not None
