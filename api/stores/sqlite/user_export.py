"""The user data export: everything stored about one user."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from api.stores.sqlite.analyses import analysis_of
from api.stores.sqlite.connections import StorePart
from api.stores.sqlite.posts import stored_post_of
from api.stores.sqlite.users import user_key_of, user_of
from api.stores.user_export import exported_post, user_export
from api.stores.values import time_of

_USER = "SELECT * FROM users WHERE user_key = ?"
_HASHTAGS = "SELECT hashtag FROM user_hashtags WHERE user_key = ? ORDER BY position"
_CONSENTS = (
    "SELECT consented_at, words, training FROM consents WHERE user_key = ? ORDER BY consent_key"
)
_POSTS = (
    "SELECT * FROM posts WHERE user_key = ? "
    "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC"
)
# Sorted below: an index for the order of exports would cost every analysis a write.
_ANALYSES = (
    "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) WHERE user_key = ?"
)
_KEYS = (
    "SELECT analysis_key, idempotency_key FROM idempotency_keys WHERE user_key = ? "
    "ORDER BY idempotency_key"
)
_SOURCE_MARKS = "SELECT source, account, post_id FROM source_marks WHERE user_key = ?"
_SIGN_INS = "SELECT source FROM sign_ins WHERE user_key = ?"
_MOODS = (
    "SELECT analysis_id, mood, moods.created_at FROM moods "
    "JOIN analyses USING (analysis_key) WHERE moods.user_key = ? ORDER BY mood_key"
)
_FEEDBACK = (
    "SELECT analysis_id, mood, feedback.created_at FROM feedback "
    "JOIN analyses USING (analysis_key) WHERE feedback.user_key = ? ORDER BY feedback_key"
)


class UserExportPart(StorePart):
    """The user data export; api.ports.store documents the method."""

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        with self._connections.snapshot() as connection:
            user_key = user_key_of(connection, user_id)

            def rows(statement: str) -> list[sqlite3.Row]:
                return connection.execute(statement, (user_key,)).fetchall()

            (user,) = rows(_USER)
            analyses = sorted(rows(_ANALYSES), key=lambda row: int(row["analysis_key"]))
            keys: dict[int, list[str]] = {}
            for row in rows(_KEYS):
                keys.setdefault(row["analysis_key"], []).append(row["idempotency_key"])
            return user_export(
                user_of(user),
                matchable=bool(user["matchable"]),
                training=bool(user["training"]),
                hashtags=[hashtag for (hashtag,) in rows(_HASHTAGS)],
                consents=((at, words, bool(training)) for at, words, training in rows(_CONSENTS)),
                posts=[
                    exported_post(stored_post_of(row), time_of(row["saved_at"]), row["model"])
                    for row in rows(_POSTS)
                ],
                analyses=[
                    (analysis_of(row), keys.get(row["analysis_key"], [])) for row in analyses
                ],
                sources=map(tuple, rows(_SOURCE_MARKS)),
                sign_ins=[source for (source,) in rows(_SIGN_INS)],
                moods=map(tuple, rows(_MOODS)),
                feedback=map(tuple, rows(_FEEDBACK)),
            )
