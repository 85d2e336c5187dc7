"""Gather everything that is held about one user, as JSON values."""

from __future__ import annotations

import sqlite3
from typing import Any

from api.stores.sqlite.rows import (
    analysis_of,
    classification_of,
    hashtags_of,
    post_of,
    user_of,
)
from api.stores.user_export import Held, HeldMood, HeldPost
from api.stores.values import optional_time_of, time_of


def held_about(connection: sqlite3.Connection, user_key: int) -> dict[str, Any]:
    """Return what is held; the connection reads one snapshot in which the user exists."""

    def rows(statement: str) -> list[sqlite3.Row]:
        return connection.execute(statement, (user_key,)).fetchall()

    (row,) = rows("SELECT * FROM users WHERE user_key = ?")
    user = user_of(row)
    return Held(
        user_id=user.user_id,
        user_name=user.user_name,
        created_at=user.created_at,
        consented_at=user.consented_at,
        matchable=bool(row["matchable"]),
        hashtags=hashtags_of(
            rows("SELECT hashtag FROM user_hashtags WHERE user_key = ? ORDER BY position")
        ),
        consents=[
            (optional_time_of(row["consented_at"]), row["words"])
            for row in rows("SELECT * FROM consents WHERE user_key = ? ORDER BY consent_key")
        ],
        posts=[
            HeldPost(
                post_of(row),
                time_of(row["saved_at"]),
                row["model"],
                None if row["model"] is None else classification_of(row),
            )
            for row in rows(
                "SELECT * FROM posts WHERE user_key = ? "
                "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC"
            )
        ],
        analyses=[
            (analysis_of(row), row["idempotency_key"])
            # Sorted here: an index for the order of one export would cost every analysis a write.
            for row in sorted(
                rows(
                    "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) "
                    "WHERE user_key = ?"
                ),
                key=lambda row: int(row["analysis_key"]),
            )
        ],
        sources=[
            (row["source"], row["account"], row["post_id"])
            for row in rows("SELECT * FROM source_marks WHERE user_key = ?")
        ],
        sign_ins=[row["source"] for row in rows("SELECT source FROM sign_ins WHERE user_key = ?")],
        moods=[
            _mood(row)
            for row in rows(
                "SELECT analysis_id, mood, moods.created_at FROM moods "
                "JOIN analyses USING (analysis_key) WHERE moods.user_key = ? ORDER BY mood_key"
            )
        ],
        feedback=[
            _mood(row)
            for row in rows(
                "SELECT analysis_id, mood, feedback.created_at FROM feedback "
                "JOIN analyses USING (analysis_key) WHERE feedback.user_key = ? "
                "ORDER BY feedback_key"
            )
        ],
    ).to_dict()


def _mood(row: sqlite3.Row) -> HeldMood:
    return HeldMood(row["analysis_id"], row["mood"], time_of(row["created_at"]))
