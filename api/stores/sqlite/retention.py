"""Retention sweep: deletes posts, analyses and moods that are past their retention."""

from datetime import datetime

from api.ports.store import Retention
from api.stores.sqlite.connections import StorePart
from api.stores.values import stored_time

_POSTS = (
    "DELETE FROM posts WHERE post_key IN (SELECT post_key FROM posts WHERE saved_at < ? LIMIT ?)"
)
# Moods and feedback are deleted with their analysis.
_ANALYSES = (
    "DELETE FROM analyses WHERE analysis_key IN "
    "(SELECT analysis_key FROM analyses WHERE finished_at < ? LIMIT ?)"
)
# Users whose latest mood, repeated in users and user_hashtags, is too old.
_OLD_MOODS = "SELECT user_key FROM users WHERE mood_at < ? LIMIT ?"
_BATCH = 1_000  # rows per transaction, so that others can write in between


class RetentionPart(StorePart):
    """The retention sweep; api.ports.store documents the method."""

    _retention: Retention

    def sweep(self, now: datetime) -> int:
        posts_before = stored_time(now - self._retention.posts)
        moods_before = stored_time(now - self._retention.moods)
        while self._delete_latest_moods(moods_before):
            pass
        return self._delete(_POSTS, posts_before) + self._delete(_ANALYSES, moods_before)

    def _delete(self, statement: str, before: int) -> int:
        deleted = 0
        while True:
            with self._connections.writing() as connection:
                batch = connection.execute(statement, (before, _BATCH)).rowcount
            deleted += batch
            if batch < _BATCH:
                return deleted

    def _delete_latest_moods(self, before: int) -> bool:
        with self._connections.writing() as connection:
            keys = connection.execute(_OLD_MOODS, (before, _BATCH)).fetchall()
            connection.executemany("DELETE FROM user_hashtags WHERE user_key = ?", keys)
            connection.executemany(
                "UPDATE users SET mood = NULL, mood_at = NULL WHERE user_key = ?", keys
            )
        return bool(keys)
