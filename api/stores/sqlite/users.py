"""Users and their consent, and the erasure of a user."""

import sqlite3
from contextlib import suppress
from datetime import datetime

from api.errors import NotFoundError, StoreUnavailableError
from api.ports.store import UserRecord
from api.stores.shared_rules import user_hash
from api.stores.sqlite.connections import StorePart
from api.stores.values import optional_stored_time, read_user, stored_time

_USER = "SELECT * FROM users WHERE user_id = ?"
_SALT = "SELECT value FROM facts WHERE name = 'tombstone_salt'"


class UserPart(StorePart):
    """Users and consent; api.ports.store documents the methods."""

    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        known = self.user(user_id)  # a read first, as most callers ask for an existing user
        if known is not None:
            return known
        with self._connections.writing() as connection:
            create_user(connection, user_id, user_name, at)
            row = connection.execute(_USER, (user_id,)).fetchone()
        return user_of(row)

    def user(self, user_id: str) -> UserRecord | None:
        rows = self._rows(_USER, user_id)
        return user_of(rows[0]) if rows else None

    def set_consent(self, user_id: str, at: datetime | None, *, words: str | None = None) -> None:
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
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, user_id)
            connection.execute(
                "UPDATE users SET matchable = ? WHERE user_key = ?", (matchable, user_key)
            )
            connection.execute(
                "UPDATE user_hashtags SET matchable = ? WHERE user_key = ?", (matchable, user_key)
            )

    def erase_user(self, user_id: str, at: datetime) -> None:
        """Delete the user and, by cascade, every row that refers to them; leave a tombstone."""
        with self._connections.writing() as connection:
            erased = connection.execute("DELETE FROM users WHERE user_id = ?", (user_id,))
            if not erased.rowcount:
                return
            (salt,) = connection.execute(_SALT).fetchone()
            connection.execute(
                "INSERT INTO tombstones (user_hash, erased_at) VALUES (?, ?) "
                "ON CONFLICT (user_hash) DO UPDATE SET erased_at = excluded.erased_at",
                (user_hash(salt, user_id), stored_time(at)),
            )
        # The log still contains the erased rows. If readers or a failing disk prevent this, they
        # stay there until later writes overwrite them: the erasure itself is done.
        with suppress(StoreUnavailableError), self._connections.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def create_user(connection: sqlite3.Connection, user_id: str, user_name: str, at: datetime) -> None:
    """Create a user unless they exist."""
    connection.execute(
        "INSERT INTO users (user_id, user_name, created_at) VALUES (?, ?, ?) "
        "ON CONFLICT (user_id) DO NOTHING",
        (user_id, user_name, stored_time(at)),
    )


def user_key_of(connection: sqlite3.Connection, user_id: str) -> int:
    """Return the key of a user's rows. Raises NotFoundError."""
    row = connection.execute("SELECT user_key FROM users WHERE user_id = ?", (user_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no user {user_id!r}")
    return int(row["user_key"])


def user_of(row: sqlite3.Row) -> UserRecord:
    """Read a user from a row of users."""
    return read_user(row["user_id"], dict(row))
