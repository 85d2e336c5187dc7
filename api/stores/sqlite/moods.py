"""Latest mood, interests and feedback of users."""

from __future__ import annotations

import json
from datetime import datetime

from api.errors import NotFoundError
from api.ports.store import MoodRecord
from api.stores.sqlite.connections import StorePart
from api.stores.values import stored_time, time_of


class MoodPart(StorePart):
    """Moods and feedback; api.ports.store documents the methods."""

    def latest_mood(self, user_id: str) -> MoodRecord | None:
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
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT hashtag FROM user_hashtags "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) ORDER BY position",
                (user_id,),
            ).fetchall()
        return [row["hashtag"] for row in rows]

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Save the mood that the user gives as feedback; a later one replaces an earlier one."""
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
