"""Keep users and their consent, and erase everything held about one."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from api.errors import StoreUnavailableError
from api.ports.store import UserRecord
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.held import held_about
from api.stores.sqlite.rows import user_key_of, user_of
from api.stores.values import optional_stored_time, stored_time


class UserPart:
    """Be the part of the store that knows users; api.ports.store says what its methods do."""

    _connections: Connections

    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        """Return the user, created where unknown."""
        known = self.user(user_id)  # a read, as most callers ask for a user who is there
        if known is not None:
            return known
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT INTO users (user_id, user_name, created_at) VALUES (?, ?, ?) "
                "ON CONFLICT (user_id) DO NOTHING",
                (user_id, user_name, stored_time(at)),
            )
            row = connection.execute(_USER, (user_id,)).fetchone()
        return user_of(row)

    def user(self, user_id: str) -> UserRecord | None:
        """Return the user, or None."""
        with self._connections.reading() as connection:
            row = connection.execute(_USER, (user_id,)).fetchone()
        return None if row is None else user_of(row)

    def set_consent(self, user_id: str, at: datetime | None, *, words: str | None = None) -> None:
        """Record consent, or that it was withdrawn, and add to its history."""
        consented_at = optional_stored_time(at)
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, user_id)
            connection.execute(
                "UPDATE users SET consented_at = ? WHERE user_key = ?", (consented_at, user_key)
            )
            connection.execute(
                "INSERT INTO consents (user_key, consented_at, words) VALUES (?, ?, ?)",
                (user_key, consented_at, words),
            )

    def set_matchable(self, user_id: str, matchable: bool) -> None:
        """Record whether the user may be recommended to others."""
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, user_id)
            connection.execute(
                "UPDATE users SET matchable = ? WHERE user_key = ?", (matchable, user_key)
            )
            connection.execute(
                "UPDATE user_hashtags SET matchable = ? WHERE user_key = ?", (matchable, user_key)
            )

    def erase_user(self, user_id: str, at: datetime) -> None:
        """Delete the user with all that refers to them, and leave a tombstone."""
        with self._connections.writing() as connection:
            erased = connection.execute("DELETE FROM users WHERE user_id = ?", (user_id,))
            if not erased.rowcount:
                return
            connection.execute(
                "INSERT INTO tombstones (user_hash, erased_at) VALUES (?, ?) "
                "ON CONFLICT (user_hash) DO UPDATE SET erased_at = excluded.erased_at",
                (_user_hash(connection, user_id), stored_time(at)),
            )
        # The log still holds what was erased. Where readers are in the way, or the disk fails now,
        # it stays there until later writes overwrite it: the erasure itself is done.
        with suppress(StoreUnavailableError), self._connections.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        """Return everything held about the user as JSON values."""
        with self._connections.snapshot() as connection:
            return held_about(connection, user_key_of(connection, user_id))


_USER = "SELECT * FROM users WHERE user_id = ?"


def _user_hash(connection: sqlite3.Connection, user_id: str) -> bytes:
    """Return what a tombstone keeps in place of the name.

    A keyed hash: the store shows no list of who left, yet whoever restores a backup can ask of
    each user in it whether they were erased since. User names are few enough to try them all, so
    for whoever has the file this is a pseudonym, not anonymity.
    """
    (salt,) = connection.execute("SELECT value FROM facts WHERE name = 'tombstone_salt'").fetchone()
    return hmac.digest(salt, user_id.encode(), "sha256")
