"""Gather everything that is held about one user, as JSON values."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from api.adapters.sqlite_store.rows import hashtags_of, time_of
from api.domain.posts import EMOTIONS

_ENGAGEMENT = ("likes", "reposts", "replies", "quotes", "bookmarks", "impressions")


def held_about(connection: sqlite3.Connection, user_key: int) -> dict[str, Any]:
    """Return what is held; the connection reads one snapshot in which the user exists."""

    def rows(statement: str) -> list[sqlite3.Row]:
        return connection.execute(statement, (user_key,)).fetchall()

    return {
        "user": _user(
            rows("SELECT * FROM users WHERE user_key = ?")[0],
            rows("SELECT hashtag FROM user_hashtags WHERE user_key = ? ORDER BY position"),
        ),
        "consents": [
            {"consented_at": _time(row["consented_at"]), "words": row["words"]}
            for row in rows("SELECT * FROM consents WHERE user_key = ? ORDER BY consent_key")
        ],
        "posts": [
            _post(row)
            for row in rows(
                "SELECT * FROM posts WHERE user_key = ? "
                "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC"
            )
        ],
        "analyses": [
            _analysis(row)
            # Sorted here: an index for the order of one export would cost every analysis a write.
            for row in sorted(
                rows("SELECT * FROM analyses WHERE user_key = ?"),
                key=lambda row: int(row["analysis_key"]),
            )
        ],
        "sources": [
            {"source": row["source"], "account": row["account"], "fetched_to": row["post_id"]}
            for row in rows("SELECT * FROM source_marks WHERE user_key = ?")
        ],
        # That it is kept, not what it is: whoever has a token may read at the source.
        "sign_ins": [
            row["source"] for row in rows("SELECT source FROM sign_ins WHERE user_key = ?")
        ],
        "moods": [
            _mood(row)
            for row in rows(
                "SELECT analysis_id, mood, moods.created_at FROM moods "
                "JOIN analyses USING (analysis_key) WHERE moods.user_key = ? ORDER BY mood_key"
            )
        ],
        "feedback": [
            _mood(row)
            for row in rows(
                "SELECT analysis_id, mood, feedback.created_at FROM feedback "
                "JOIN analyses USING (analysis_key) WHERE feedback.user_key = ? "
                "ORDER BY feedback_key"
            )
        ],
    }


def _user(row: sqlite3.Row, hashtags: list[sqlite3.Row]) -> dict[str, Any]:
    return {
        "user_id": row["user_id"],
        "user_name": row["user_name"],
        "created_at": _time(row["created_at"]),
        "consented_at": _time(row["consented_at"]),
        "matchable": bool(row["matchable"]),
        "hashtags": list(hashtags_of(hashtags)),
    }


def _post(row: sqlite3.Row) -> dict[str, Any]:
    classification = None
    if row["model"] is not None:
        classification = {
            "model": row["model"],
            "label": row["label"],
            "scores": {emotion: row[emotion] for emotion in EMOTIONS},
            "irony": row["irony"],
            "tokens": row["tokens"],
            "truncated": bool(row["truncated"]),
        }
    return {
        "post_id": row["post_id"],
        "text": row["text"],
        "created_at": _time(row["created_at"]),
        "ownership": row["ownership"],
        "engagement": {count: row[count] for count in _ENGAGEMENT},
        "language": row["language"],
        "hashtags": json.loads(row["hashtags"]),
        "saved_at": _time(row["saved_at"]),
        "classification": classification,
    }


def _analysis(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "analysis_id": row["analysis_id"],
        "idempotency_key": row["idempotency_key"],
        "source": row["source"],
        "source_user": row["source_user"],
        "max_posts": row["max_posts"],
        "as_of": row["as_of"],
        "state": row["state"],
        "progress": {count: row[count] for count in ("fetched", "classified", "reused", "total")},
        "source_cost": None if row["source_cost"] is None else json.loads(row["source_cost"]),
        "attempt": row["attempt"],
        "created_at": _time(row["created_at"]),
        "started_at": _time(row["started_at"]),
        "finished_at": _time(row["finished_at"]),
        "result": None if row["result"] is None else json.loads(row["result"]),
        "problem": None if row["problem"] is None else json.loads(row["problem"]),
    }


def _mood(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "analysis_id": row["analysis_id"],
        "mood": row["mood"],
        "created_at": _time(row["created_at"]),
    }


def _time(stored: int | None) -> str | None:
    return None if stored is None else time_of(stored).isoformat()
