"""Moods, feedback and recommendations: the catalogue, and friends ranked by shared hashtags."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest

from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import NotFoundError
from api.ports.store import Feedback, MoodRecord
from api.stores.shared_rules import compared_hashtags
from api.stores.sqlite.connections import StorePart
from api.stores.values import stored_time, time_of

MOST_PER_HASHTAG = 100
"""Number of users, those with the freshest moods, that are compared per hashtag.

It bounds the work at a million users. Up to this many users per mood and hashtag the ranking is
exact; beyond that, a user who shares several hashtags but has an old mood may be missed.
"""

_BY_HASHTAG = (
    "SELECT user_key, mood_at FROM user_hashtags "
    "WHERE mood = ? AND hashtag = ? AND matchable = 1 ORDER BY mood_at DESC, user_key LIMIT ?"
)
_FRESHEST = (
    "SELECT user_key FROM users WHERE mood = ? AND matchable = 1 "
    "ORDER BY mood_at DESC, user_key LIMIT ?"
)


class MoodPart(StorePart):
    """Moods, catalogue, friends, feedback; api.ports.store documents the methods."""

    def latest_mood(self, user_id: str) -> MoodRecord | None:
        rows = self._rows(
            "SELECT analysis_id, mood, moods.created_at, result "
            "FROM moods JOIN analyses USING (analysis_key) "
            "WHERE moods.user_key = (SELECT user_key FROM users WHERE user_id = ?) "
            "ORDER BY mood_key DESC LIMIT 1",
            user_id,
        )
        for analysis_id, mood, created_at, result in rows:
            return MoodRecord(user_id, analysis_id, mood, time_of(created_at), json.loads(result))
        return None

    def interests(self, user_id: str) -> list[str]:
        rows = self._rows(
            "SELECT hashtag FROM user_hashtags "
            "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) ORDER BY position",
            user_id,
        )
        return [row["hashtag"] for row in rows]

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        with self._connections.writing() as connection:
            kept = connection.execute(
                "INSERT INTO feedback (user_key, analysis_key, mood, created_at) "
                "SELECT user_key, analysis_key, ?, ? FROM analyses WHERE analysis_id = ? "
                "ON CONFLICT (analysis_key) "
                "DO UPDATE SET mood = excluded.mood, created_at = excluded.created_at",
                (mood, stored_time(at), analysis_id),
            )
            if not kept.rowcount:
                raise NotFoundError(f"there is no analysis {analysis_id!r}")

    def feedback_on(self, analysis_id: str) -> str | None:
        rows = self._rows(
            "SELECT feedback.mood FROM feedback WHERE analysis_key = "
            "(SELECT analysis_key FROM analyses WHERE analysis_id = ?)",
            analysis_id,
        )
        return rows[0]["mood"] if rows else None

    def feedback(self) -> list[Feedback]:
        rows = self._rows(
            "SELECT user_id, analysis_id, feedback.mood FROM feedback "
            "JOIN analyses USING (analysis_key) JOIN users ON users.user_key = feedback.user_key "
            "WHERE users.consented_at IS NOT NULL AND users.training "
            "ORDER BY feedback.user_key, feedback_key"
        )
        return [Feedback(*row) for row in rows]

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        rows = self._rows(
            "SELECT mood, kind, name, about FROM catalogue WHERE mood = ? ORDER BY position", mood
        )
        return [CatalogueItem(*row) for row in rows]

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM catalogue")
            connection.executemany(
                "INSERT INTO catalogue (position, mood, kind, name, about) VALUES (?, ?, ?, ?, ?)",
                [
                    (position, item.mood, item.kind, item.name, item.about)
                    for position, item in enumerate(items)
                ],
            )

    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        with self._connections.snapshot() as connection:
            keys = _ranked_keys(connection, user_id, mood, hashtags, max(limit, 0))
            return _candidates(connection, keys)


def _ranked_keys(
    connection: sqlite3.Connection, user_id: str, mood: str, hashtags: Sequence[str], limit: int
) -> list[int]:
    """Return the keys of up to `limit` users: most shared hashtags first, then freshest mood."""
    own = connection.execute("SELECT user_key FROM users WHERE user_id = ?", (user_id,)).fetchone()
    shared: Counter[int] = Counter()
    mood_at: dict[int, int] = {}
    for hashtag in compared_hashtags(hashtags):
        found = dict(map(tuple, connection.execute(_BY_HASHTAG, (mood, hashtag, MOST_PER_HASHTAG))))
        shared.update(found.keys())
        mood_at.update(found)
    without = None if own is None else own["user_key"]
    if without is not None:
        del shared[without]
    ranked = nsmallest(limit, shared, key=lambda key: (-shared[key], -mood_at[key], key))
    if len(ranked) < limit:
        # Users who share nothing come last; limit + 1 because the user may be among them.
        freshest = connection.execute(_FRESHEST, (mood, limit + 1))
        known = {*ranked, without}
        ranked += [row["user_key"] for row in freshest if row["user_key"] not in known]
    return ranked[:limit]


def _candidates(connection: sqlite3.Connection, keys: Sequence[int]) -> list[FriendCandidate]:
    marks = ", ".join("?" * len(keys))  # nothing else is formatted into the statements
    hashtags_of = f"SELECT user_key, hashtag FROM user_hashtags WHERE user_key IN ({marks})"  # noqa: S608
    users_of = (
        f"SELECT user_key, user_id, user_name, mood, mood_at FROM users WHERE user_key IN ({marks})"  # noqa: S608
    )
    hashtags: defaultdict[int, list[str]] = defaultdict(list)
    for key, hashtag in connection.execute(f"{hashtags_of} ORDER BY user_key, position", keys):
        hashtags[key].append(hashtag)
    users = connection.execute(users_of, keys)
    found = {
        key: FriendCandidate(user_id, user_name, mood, time_of(mood_at), tuple(hashtags[key]))
        for key, user_id, user_name, mood, mood_at in users
    }
    return [found[key] for key in keys]
