"""Users and their consent, and the erasure of a user."""

import sqlite3
from collections.abc import Collection
from datetime import datetime
from operator import attrgetter

from api.errors import NotFoundError, StoreUnavailableError
from api.ports.store import Erasure, ReplayedErasures, UserRecord
from api.stores.erasure_log import ErasureLog
from api.stores.shared_rules import erasure_of, newest_erasures, user_hash
from api.stores.sqlite.connections import StorePart
from api.stores.values import optional_stored_time, read_user, stored_time, time_of

_USER = "SELECT * FROM users WHERE user_id = ?"
_SALT = "SELECT value FROM facts WHERE name = 'tombstone_salt'"
# The number of the deletion by which each user was erased whose rows may still be in the log.
_NOTE_ERASURE = "INSERT OR REPLACE INTO facts SELECT ?, value FROM facts WHERE name = 'deletions'"
_TOMBSTONE = (
    "INSERT INTO tombstones (user_hash, erased_at) VALUES (?, ?) "
    "ON CONFLICT (user_hash) DO UPDATE SET erased_at = {}"
)
_NEW_TOMBSTONE = _TOMBSTONE.format("excluded.erased_at")
_LATER_TOMBSTONE = _TOMBSTONE.format("max(erased_at, excluded.erased_at)")
_WITH_MOOD = (
    "SELECT user_id FROM users WHERE user_id > ? AND mood_at IS NOT NULL ORDER BY user_id LIMIT ?"
)
_NOTE_FINISHED = "INSERT OR REPLACE INTO facts VALUES ('deletions_finished', ?)"
_FINISHED = "DELETE FROM facts WHERE name GLOB 'erased:*' AND value <= ?"


class UserPart(StorePart):
    """Users and consent; api.ports.store documents the methods."""

    _erasure_log: ErasureLog | None = None

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

    def set_consent(
        self,
        user_id: str,
        at: datetime | None,
        *,
        words: str | None = None,
        training: bool = False,
    ) -> None:
        consented_at = optional_stored_time(at)
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, user_id)
            connection.execute(
                "UPDATE users SET consented_at = ?, training = ? WHERE user_key = ?",
                (consented_at, training, user_key),
            )
            connection.execute(
                "INSERT INTO consents (user_key, consented_at, words, training) "
                "VALUES (?, ?, ?, ?)",
                (user_key, consented_at, words, training),
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

    def erase_user(self, user_id: str, at: datetime) -> bool:
        """Delete the user and, by cascade, every row that refers to them; leave a tombstone."""
        self._delete_user(user_id, at)
        return self._try_to_finish_erasures()

    def _delete_user(self, user_id: str, at: datetime) -> None:
        with self._connections.writing() as connection:
            erased = connection.execute("DELETE FROM users WHERE user_id = ?", (user_id,))
            if erased.rowcount:
                hashed = _hash_of(connection, user_id)
                connection.execute(_NEW_TOMBSTONE, (hashed, stored_time(at)))
                note_deletion(connection)
                connection.execute(_NOTE_ERASURE, (_pending_name(hashed),))
                # Before the commit: an erasure that is not in the log has not happened.
                if self._erasure_log is not None:
                    self._erasure_log.append(erasure_of(salt_in(connection), hashed, at))

    def _try_to_finish_erasures(self) -> bool:
        try:
            return self.finish_erasures()
        except StoreUnavailableError:  # the erasures themselves are done
            return False

    def erasures(self) -> list[Erasure]:
        with self._connections.snapshot() as connection:
            return erasures_in(connection)

    def replay_erasures(self, erasures: Collection[Erasure]) -> ReplayedErasures:
        with self._connections.snapshot() as connection:
            salt = salt_in(connection)
            users = connection.execute("SELECT user_id, created_at FROM users").fetchall()
        newest, others = newest_erasures(salt, erasures)
        erased = 0
        for user_id, created_at in users:
            at = newest.get(user_hash(salt, user_id))
            if at is not None and time_of(created_at) <= at:
                self._delete_user(user_id, at)
                erased += 1
        self._try_to_finish_erasures()  # once: the whole file is searched for what rows have left
        with self._connections.writing() as connection:
            known = [(hashed, stored_time(at)) for hashed, at in newest.items()]
            connection.executemany(_LATER_TOMBSTONE, known)
        return ReplayedErasures(erased, others)

    def users_with_mood(self, *, after: str | None, limit: int) -> list[str]:
        return [user_id for (user_id,) in self._rows(_WITH_MOOD, after or "", limit)]

    def erasure_pending(self, user_id: str) -> bool:
        with self._connections.reading() as connection:
            name = _pending_name(_hash_of(connection, user_id))
            found = connection.execute("SELECT 1 FROM facts WHERE name = ?", (name,))
            return found.fetchone() is not None

    def finish_erasures(self) -> bool:
        """Remove deleted rows from the write-ahead log and the file if they may still be there."""
        with self._connections.reading() as connection:
            noted, finished = _deletions(connection)
        if noted == finished:
            return True
        if not self._connections.remove_deleted():
            return False
        with self._connections.writing() as connection:
            # Not those that were noted meanwhile, perhaps by another process.
            connection.execute(_FINISHED, (noted,))
            connection.execute(_NOTE_FINISHED, (noted,))
            return _deletions(connection)[0] == noted


def note_deletion(connection: sqlite3.Connection) -> None:
    """Note, in the transaction that deletes, that the log has to be emptied of deleted rows."""
    connection.execute(
        "INSERT INTO facts VALUES ('deletions', 1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + 1"
    )


def _deletions(connection: sqlite3.Connection) -> tuple[int, int]:
    # How many there have been, and up to which one the log was emptied.
    names = ("deletions", "deletions_finished")
    rows = connection.execute("SELECT name, value FROM facts WHERE name IN (?, ?)", names)
    values = {row["name"]: int(row["value"]) for row in rows}
    return values.get(names[0], 0), values.get(names[1], 0)


def erasures_in(connection: sqlite3.Connection) -> list[Erasure]:
    """Return the erasures that a store's tombstones tell of, oldest first."""
    salt = salt_in(connection)
    rows = connection.execute("SELECT user_hash, erased_at FROM tombstones")
    found = [erasure_of(salt, hashed, time_of(at)) for hashed, at in rows]
    return sorted(found, key=attrgetter("at"))


def salt_in(connection: sqlite3.Connection) -> bytes:
    """Return the key of the hashes in a store's tombstones."""
    (salt,) = connection.execute(_SALT).fetchone()
    return bytes(salt)


def _hash_of(connection: sqlite3.Connection, user_id: str) -> bytes:
    return user_hash(salt_in(connection), user_id)


def _pending_name(hashed: bytes) -> str:
    return f"erased:{hashed.hex()}"


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
