"""Keep posts and what a model said about them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from api.domain.analyses import Lease
from api.domain.posts import Classification, ClassifiedPost, Post
from api.errors import NotFoundError
from api.ports.store import SavedPosts
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.leases import analysis_held
from api.stores.sqlite.rows import (
    classification_of,
    post_of,
    stored_classification,
    stored_post,
)
from api.stores.sqlite.spool import create_spool, merge_spool, spool
from api.stores.values import stored_time

_CHUNK = 500  # posts held in memory while they stream


class PostPart:
    """Be the part of the store that knows posts; api.ports.store says what its methods do."""

    _connections: Connections

    def save_posts(self, user_id: str, posts: Iterable[Post], at: datetime) -> SavedPosts:
        """Keep posts; one that comes twice counts once, and its last version is kept.

        The posts are spooled first, as reading them may take minutes and the write lock must not;
        one short transaction then takes them over. Raises NotFoundError for an unknown user, and
        for one erased while the posts were read.
        """
        file = self._connections.file
        with self._connections.apart() as connection:
            user_key = create_spool(connection, file, user_id)
            stream = iter(posts)
            while chunk := [stored_post(post) for post in itertools.islice(stream, _CHUNK)]:
                spool(connection, file, chunk)
            with self._connections.writing_on(connection):
                still = connection.execute("SELECT 1 FROM users WHERE user_key = ?", (user_key,))
                if still.fetchone() is None:
                    raise NotFoundError(f"user {user_id!r} was erased while the posts were read")
                return merge_spool(connection, user_key, stored_time(at))

    def count_posts(self, user_id: str) -> int:
        """Count the user's posts."""
        with self._connections.reading() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM posts "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?)",
                (user_id,),
            ).fetchone()
        return int(count)

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        """Return the user's newest posts that the model has not classified."""
        with self._connections.snapshot() as connection:
            rows = connection.execute(
                "SELECT * FROM posts "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
                "AND created_at >= ? AND (created_at, length(post_id), post_id) >= (?, ?, ?) "
                "AND model IS NOT ? "
                "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC LIMIT ?",
                (user_id, *_oldest_of(connection, user_id, max_posts), model, max(limit, 0)),
            ).fetchall()
        return [post_of(row) for row in rows]

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        """Count the user's posts that the model has not classified."""
        with self._connections.snapshot() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM posts "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
                "AND created_at >= ? AND (created_at, length(post_id), post_id) >= (?, ?, ?) "
                "AND model IS NOT ?",
                (user_id, *_oldest_of(connection, user_id, max_posts), model),
            ).fetchone()
        return int(count)

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        """Keep classifications in place of any other model's; posts that are gone are left out."""
        rows = [
            (model, *stored_classification(classification), post_id)
            for post_id, classification in classified
        ]
        with self._connections.writing() as connection:
            held = analysis_held(connection, lease)
            connection.executemany(
                "UPDATE posts SET model = ?, label = ?, anger = ?, fear = ?, joy = ?, love = ?, "
                "sadness = ?, surprise = ?, neutral = ?, irony = ?, tokens = ?, truncated = ? "
                "WHERE user_key = ? AND post_id = ?",
                [(*row[:-1], held.user_key, row[-1]) for row in rows],
            )

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        """Return the user's newest posts that the model has classified."""
        with self._connections.snapshot() as connection:
            rows = connection.execute(
                "SELECT * FROM posts "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
                "AND created_at >= ? AND (created_at, length(post_id), post_id) >= (?, ?, ?) "
                "AND model = ? "
                "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC",
                (user_id, *_oldest_of(connection, user_id, max_posts), model),
            ).fetchall()
        return [ClassifiedPost(post_of(row), classification_of(row)) for row in rows]

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        """Return the user's posts that any model has classified."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM posts "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
                "AND model IS NOT NULL "
                "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC",
                (user_id,),
            ).fetchall()
        return [ClassifiedPost(post_of(row), classification_of(row)) for row in rows]


def _oldest_of(
    connection: sqlite3.Connection, user_id: str, max_posts: int | None
) -> tuple[int, int, int, str]:
    """Return where the window of the newest max_posts ends, as created_at and the whole order.

    The first value repeats the second: SQLite bounds its walk of the index by it, and compares the
    rest row by row.
    """
    if max_posts is not None and max_posts < 1:
        return (_AFTER_ALL, _AFTER_ALL, 0, "")
    if max_posts is not None:
        row = connection.execute(
            "SELECT created_at, length(post_id) AS length, post_id FROM posts "
            "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
            "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC LIMIT 1 OFFSET ?",
            (user_id, max_posts - 1),
        ).fetchone()
        if row is not None:
            return (row["created_at"], row["created_at"], row["length"], row["post_id"])
    return (_BEFORE_ALL, _BEFORE_ALL, 0, "")


_BEFORE_ALL = -(2**63)
_AFTER_ALL = 2**63 - 1
