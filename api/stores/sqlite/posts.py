"""Posts and their classifications: saving a stream of posts, and reading the newest."""

import itertools
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter

from api.domain.analyses import Lease
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post
from api.errors import NotFoundError
from api.ports.store import SavedPosts
from api.stores.sqlite.analyses import leased_keys
from api.stores.sqlite.connections import StorePart, translated
from api.stores.sqlite.users import user_key_of
from api.stores.values import LARGEST, stored_json, stored_text, stored_time, time_of

_CHUNK = 500  # posts in memory while they stream
_OWNERSHIPS = {each.value: each for each in Ownership}
# Positions of the columns of the table posts; a migration adds columns at its end.
_POST = slice(2, 14)  # post_id to hashtags
_CLASSIFICATION = slice(16, 27)  # label to truncated
_COUNTS = attrgetter(*(field.name for field in fields(Engagement)))
_BEFORE_ALL = -(2**63)
_AFTER_ALL = 2**63 - 1

_OF_USER = "FROM posts WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?)"
_NEWEST = f"{_OF_USER} AND created_at >= ? AND (created_at, length(post_id), post_id) >= (?, ?, ?)"
_IN_ORDER = "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC"

# Columns of a post that saving it again replaces; statements are made of constants only.
_COLUMNS = (
    "text, created_at, ownership, likes, reposts, replies, quotes, bookmarks, impressions, "
    "language, hashtags"
)
_NEW = ", ".join(f"excluded.{column}" for column in _COLUMNS.split(", "))
_CREATE_SPOOL = f"CREATE TEMP TABLE spool (post_id TEXT PRIMARY KEY, {_COLUMNS})"
_ADD_TO_SPOOL = "INSERT OR REPLACE INTO temp.spool VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KNOWN = "FROM temp.spool CROSS JOIN posts ON posts.user_key = ? AND posts.post_id = spool.post_id"

# The classification of another text says nothing about this one.
_DROP_CLASSIFICATIONS = f"""
    UPDATE posts SET model = NULL, label = NULL, anger = NULL, fear = NULL, joy = NULL,
        love = NULL, sadness = NULL, surprise = NULL, neutral = NULL, irony = NULL, tokens = NULL,
        truncated = NULL, detected_language = NULL
    WHERE post_key IN (
        SELECT post_key {_KNOWN} WHERE posts.text <> spool.text AND posts.model IS NOT NULL
    )
"""  # noqa: S608  constants only

# Unchanged posts are not written, so fetching them again costs the disk nothing ...
_MERGE_SPOOL = f"""
    INSERT INTO posts (user_key, saved_at, post_id, {_COLUMNS})
    SELECT ?, ?, * FROM temp.spool WHERE true
    ON CONFLICT (user_key, post_id)
    DO UPDATE SET (saved_at, {_COLUMNS}) = (excluded.saved_at, {_NEW})
    WHERE ({_COLUMNS}) IS NOT ({_NEW})
"""  # noqa: S608  constants only

# ... except once a day, as their retention starts again.
_RENEW_RETENTION = """
    UPDATE posts SET saved_at = ?
    WHERE user_key = ? AND post_id IN (SELECT post_id FROM temp.spool) AND saved_at <= ?
"""
_DAY = 24 * 60 * 60 * 1_000_000


class PostPart(StorePart):
    """Posts and their classifications; api.ports.store documents the methods."""

    def save_posts(self, user_id: str, posts: Iterable[Post], at: datetime) -> SavedPosts:
        """Spool the posts to a temporary table, then merge them in one short transaction.

        Reading them may take minutes and must not hold the write lock. SQLite keeps the temporary
        table in an unnamed file, which is gone with this connection or the process.
        """
        with self._connections.separate() as connection:
            with translated(self._connections.file):
                user_key = user_key_of(connection, user_id)
                connection.execute(_CREATE_SPOOL)
            stream = iter(posts)
            while chunk := [_stored_post(post) for post in itertools.islice(stream, _CHUNK)]:
                with translated(self._connections.file):
                    # One transaction per chunk: none is open while the next posts are read.
                    connection.execute("BEGIN")
                    connection.executemany(_ADD_TO_SPOOL, chunk)
                    connection.execute("COMMIT")
            with self._connections.writing_on(connection):
                still = connection.execute("SELECT 1 FROM users WHERE user_key = ?", (user_key,))
                if still.fetchone() is None:
                    raise NotFoundError(f"user {user_id!r} was erased while the posts were read")
                return _merge_spool(connection, user_key, stored_time(at))

    def count_posts(self, user_id: str) -> int:
        ((count,),) = self._rows(f"SELECT count(*) {_OF_USER}", user_id)
        return int(count)

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        with self._connections.snapshot() as connection:
            rows = connection.execute(
                f"SELECT * {_NEWEST} AND model IS NOT ? {_IN_ORDER} LIMIT ?",
                (user_id, *_oldest_of(connection, user_id, max_posts), model, max(limit, 0)),
            ).fetchall()
        return [post_of(row) for row in rows]

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        with self._connections.snapshot() as connection:
            (count,) = connection.execute(
                f"SELECT count(*) {_NEWEST} AND model IS NOT ?",
                (user_id, *_oldest_of(connection, user_id, max_posts), model),
            ).fetchone()
        return int(count)

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        with self._connections.writing() as connection:
            _, user_key = leased_keys(connection, lease)
            connection.executemany(
                "UPDATE posts SET model = ?, label = ?, anger = ?, fear = ?, joy = ?, love = ?, "
                "sadness = ?, surprise = ?, neutral = ?, irony = ?, tokens = ?, truncated = ?, "
                "detected_language = ? WHERE user_key = ? AND post_id = ?",
                [
                    (
                        *(model, one.label, *(one.scores[emotion] for emotion in EMOTIONS)),
                        *(one.irony, one.tokens, one.truncated, one.language),
                        *(user_key, post_id),
                    )
                    for post_id, one in classified
                ],
            )

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        with self._connections.snapshot() as connection:
            rows = connection.execute(
                f"SELECT * {_NEWEST} AND model = ? {_IN_ORDER}",
                (user_id, *_oldest_of(connection, user_id, max_posts), model),
            ).fetchall()
        return [ClassifiedPost(post_of(row), classification_of(row)) for row in rows]

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        rows = self._rows(f"SELECT * {_OF_USER} AND model IS NOT NULL {_IN_ORDER}", user_id)
        return [ClassifiedPost(post_of(row), classification_of(row)) for row in rows]


def _merge_spool(connection: sqlite3.Connection, user_key: int, saved_at: int) -> SavedPosts:
    (spooled,) = connection.execute("SELECT count(*) FROM temp.spool").fetchone()
    (known,) = connection.execute(f"SELECT count(*) {_KNOWN}", (user_key,)).fetchone()
    connection.execute(_DROP_CLASSIFICATIONS, (user_key,))
    written = connection.execute(_MERGE_SPOOL, (user_key, saved_at)).rowcount
    connection.execute(_RENEW_RETENTION, (saved_at, user_key, saved_at - _DAY))
    created = spooled - known
    return SavedPosts(created=created, updated=written - created, unchanged=spooled - written)


def _oldest_of(
    connection: sqlite3.Connection, user_id: str, max_posts: int | None
) -> tuple[int, int, int, str]:
    """Return the lower bound of the newest max_posts: created_at, then the sort key of that post.

    The first value repeats the second: it bounds SQLite's walk of the index, the others are
    compared row by row.
    """
    if max_posts is not None and max_posts < 1:
        return (_AFTER_ALL, _AFTER_ALL, 0, "")
    if max_posts is not None:
        row = connection.execute(
            f"SELECT created_at, length(post_id), post_id {_OF_USER} {_IN_ORDER} LIMIT 1 OFFSET ?",
            (user_id, max_posts - 1),
        ).fetchone()
        if row is not None:
            return (row["created_at"], *row)
    return (_BEFORE_ALL, _BEFORE_ALL, 0, "")


def _stored_post(post: Post) -> tuple[str | int | None, ...]:
    """Return the columns post_id to hashtags of the table posts."""
    return (
        post.post_id,
        stored_text(post.text),
        stored_time(post.created_at),
        post.ownership.value,
        *(min(count, LARGEST) for count in _COUNTS(post.engagement)),
        post.language,
        stored_json(post.hashtags),
    )


def post_of(row: sqlite3.Row) -> Post:
    """Read a post from a row with all columns of posts."""
    # By position, not by name: looking up 24 names took most of the time of reading a post.
    post_id, text, created_at, ownership, *engagement, language, hashtags = row[_POST]
    return Post(
        post_id=post_id,
        text=text,
        created_at=time_of(created_at),
        ownership=_OWNERSHIPS[ownership],
        engagement=Engagement(*engagement),
        language=language,
        hashtags=_hashtags(hashtags),
    )


def _hashtags(stored: str) -> tuple[str, ...]:
    if stored == "[]":
        return ()
    if "\\" in stored:
        return tuple(json.loads(stored))
    return tuple(stored[2:-2].split('","'))  # nothing is escaped: ten times faster than JSON


def classification_of(row: sqlite3.Row) -> Classification:
    """Read the classification from a classified row with all columns of posts."""
    (label, anger, fear, joy, love, sadness, surprise, neutral, irony, tokens, truncated) = row[
        _CLASSIFICATION
    ]
    return Classification(
        label=label,
        scores={  # written out: dict(zip(...)) takes three times as long
            "anger": anger,
            "fear": fear,
            "joy": joy,
            "love": love,
            "sadness": sadness,
            "surprise": surprise,
            "neutral": neutral,
        },
        irony=irony,
        tokens=tokens,
        truncated=bool(truncated),
        language=row["detected_language"],
    )
