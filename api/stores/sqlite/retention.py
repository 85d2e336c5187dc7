"""Retention sweep: deletes posts, analyses and moods that are past their retention."""

from datetime import datetime

from api.ports.store import PastRetention, Retention, SweepRecord
from api.stores.shared_rules import MILLION
from api.stores.sqlite.connections import StorePart
from api.stores.sqlite.users import note_deletion
from api.stores.values import stored_time, time_of

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
_COUNTS = (
    "SELECT (SELECT count(*) FROM posts WHERE saved_at < ?), "
    "(SELECT count(*) FROM posts WHERE saved_at >= ?), "
    "(SELECT count(*) FROM analyses WHERE finished_at < ?), "
    "(SELECT count(*) FROM analyses WHERE finished_at >= ?)"
)
_RECORD = "SELECT name, value FROM facts WHERE name IN ('swept_until', 'swept_early')"
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

    def past_retention(self, now: datetime) -> PastRetention:
        posts_before = stored_time(now - self._retention.posts)
        moods_before = stored_time(now - self._retention.moods)
        with self._connections.snapshot() as connection:
            posts_past, posts_kept, analyses_past, analyses_kept = connection.execute(
                _COUNTS, (posts_before, posts_before, moods_before, moods_before)
            ).fetchone()
        return PastRetention(
            posts_past + posts_kept, posts_past, analyses_past + analyses_kept, analyses_past
        )

    def sweep_record(self) -> SweepRecord | None:
        facts = dict(map(tuple, self._rows(_RECORD)))
        if len(facts) < 2:
            return None
        return SweepRecord(time_of(facts["swept_until"]), facts["swept_early"] / MILLION)

    def set_sweep_record(self, record: SweepRecord) -> None:
        facts = (
            ("swept_until", stored_time(record.until)),
            ("swept_early", round(record.spent * MILLION)),
        )
        with self._connections.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)

    def _delete(self, statement: str, before: int) -> int:
        deleted = 0
        while True:
            with self._connections.writing() as connection:
                batch = connection.execute(statement, (before, _BATCH)).rowcount
                if batch:
                    note_deletion(connection)
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
