"""Keep moods, the catalogue of recommendations and the users' own word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import NotFoundError
from api.ports.store import MoodRecord
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.matching import candidates_of, ranked_candidates
from api.stores.sqlite.rows import hashtags_of
from api.stores.values import stored_time, time_of


class MoodPart:
    """Be the part of the store that knows moods; api.ports.store says what its methods do."""

    _connections: Connections

    def latest_mood(self, user_id: str) -> MoodRecord | None:
        """Return the newest entry of the user's mood history, or None."""
        with self._connections.reading() as connection:
            row = connection.execute(
                "SELECT analysis_id, mood, moods.created_at, result "
                "FROM moods JOIN analyses USING (analysis_key) "
                "WHERE moods.user_key = (SELECT user_key FROM users WHERE user_id = ?) "
                "ORDER BY mood_key DESC LIMIT 1",
                (user_id,),
            ).fetchone()
        if row is None:
            return None
        return MoodRecord(
            user_id=user_id,
            analysis_id=row["analysis_id"],
            mood=row["mood"],
            created_at=time_of(row["created_at"]),
            result=json.loads(row["result"]),
        )

    def interests(self, user_id: str) -> list[str]:
        """Return the hashtags kept with the user's latest mood."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT hashtag FROM user_hashtags "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) ORDER BY position",
                (user_id,),
            ).fetchall()
        return list(hashtags_of(rows))

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        """Return what may be recommended for a mood, in the catalogue's order."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT mood, kind, name, about FROM catalogue WHERE mood = ? ORDER BY position",
                (mood,),
            ).fetchall()
        return [CatalogueItem(*row) for row in rows]

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        """Put these items in place of the whole catalogue."""
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
        """Return users of a mood who agreed to be matched, most shared hashtags first."""
        with self._connections.snapshot() as connection:
            own = connection.execute(
                "SELECT user_key FROM users WHERE user_id = ?", (user_id,)
            ).fetchone()
            ranked = ranked_candidates(
                connection,
                mood,
                hashtags,
                limit=max(limit, 0),
                without=None if own is None else own["user_key"],
            )
            return candidates_of(connection, ranked)

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Keep the user's own word on an analysis; a later word takes the place of an earlier."""
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
