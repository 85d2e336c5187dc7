"""API keys."""

import json
import sqlite3
from datetime import datetime

from api.domain.api_keys import ApiKey
from api.stores.sqlite.connections import StorePart
from api.stores.values import optional_stored_time, read_key, stored_json, stored_text, stored_time


class ApiKeyPart(StorePart):
    """API keys; api.ports.api_keys documents the methods."""

    def add_key(self, key: ApiKey) -> None:
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    key.prefix,
                    stored_text(key.name),
                    key.digest,
                    stored_json(sorted(key.scopes)),
                    stored_json(sorted(key.users)),
                    stored_time(key.created_at),
                    optional_stored_time(key.last_used_at),
                ),
            )

    def key(self, prefix: str) -> ApiKey | None:
        rows = self._rows("SELECT * FROM api_keys WHERE prefix = ?", stored_text(prefix))
        return _key_of(rows[0]) if rows else None

    def all_keys(self) -> list[ApiKey]:
        keys = map(_key_of, self._rows("SELECT * FROM api_keys"))
        return sorted(keys, key=lambda key: (key.created_at, key.prefix))

    def note_use(self, prefix: str, at: datetime) -> None:
        with self._connections.writing() as connection:
            connection.execute(
                "UPDATE api_keys SET last_used_at = ? WHERE prefix = ?", (stored_time(at), prefix)
            )

    def replace_digest(self, prefix: str, digest: bytes) -> None:
        with self._connections.writing() as connection:
            connection.execute("UPDATE api_keys SET digest = ? WHERE prefix = ?", (digest, prefix))

    def remove_key(self, prefix: str) -> bool:
        with self._connections.writing() as connection:
            removed = connection.execute("DELETE FROM api_keys WHERE prefix = ?", (prefix,))
            return removed.rowcount > 0


def _key_of(row: sqlite3.Row) -> ApiKey:
    return read_key(row["prefix"], dict(row), json.loads(row["scopes"]), json.loads(row["users"]))
