"""Posts and their classifications: saving a stream of posts, and reading the newest."""

import itertools
import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from api.domain.analyses import Lease
from api.domain.posts import (
    EMOTIONS,
    Classification,
    ClassifiedPost,
    Engagement,
    Post,
    StoredPost,
)
from api.errors import NotFoundError
from api.ports.store import LabelledPosts, SavedPosts
from api.stores.shared_rules import labelled_posts_of, no_such_post
from api.stores.sqlite.analyses import leased_keys
from api.stores.sqlite.connections import StorePart, translated
from api.stores.sqlite.post_imports import CHUNK, OWNERSHIPS, Spool
from api.stores.sqlite.users import create_user, user_key_of
from api.stores.values import stored_text, stored_time, time_of

# Positions of the columns of the table posts; a migration adds columns at its end.
_POST = slice(2, 14)  # post_id to hashtags
_CLASSIFICATION = slice(16, 28)  # label to detected_language
_EARLIER_IDS, _OWN_WORD, _CORRECTION = 28, 29, 30
_NOBODY = -1  # no user has this key
_BEFORE_ALL = -(2**63)
_AFTER_ALL = 2**63 - 1

_OF_USER = "FROM posts WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?)"
_NEWEST = f"{_OF_USER} AND created_at >= ? AND (created_at, length(post_id), post_id) >= (?, ?, ?)"
IN_ORDER = "ORDER BY created_at DESC, length(post_id) DESC, post_id DESC"
"""The order of a user's posts, newest first."""
_LABELLED = (
    "SELECT ownership, text, correction FROM posts INDEXED BY posts_corrected "
    "JOIN users USING (user_key) WHERE correction IS NOT NULL "
    "AND users.consented_at IS NOT NULL AND users.training"
)


class PostPart(StorePart):
    """Posts and their classifications; api.ports.store documents the methods."""

    def save_posts(
        self,
        user_id: str,
        posts: Iterable[Post],
        at: datetime,
        *,
        new_user: str | None = None,
        dry_run: bool = False,
    ) -> SavedPosts:
        """Spool the posts, then merge them in one short transaction (see `post_imports`).

        Reading them may take minutes and must not hold the write lock.
        """
        saved_at = stored_time(at)
        with self._connections.separate() as connection:
            with translated(self._connections.file):
                try:
                    user_key = user_key_of(connection, user_id)
                except NotFoundError:
                    if new_user is None and not dry_run:
                        raise
                    user_key = _NOBODY
                spool = Spool(connection)
            stream, spooled = iter(posts), False
            while chunk := list(itertools.islice(stream, CHUNK)):
                with translated(self._connections.file):
                    spool.add(chunk)
                spooled = True
            with translated(self._connections.file):
                spool.keep_last_versions()
            if dry_run:
                with self._connections.reading_on(connection):
                    return spool.merge(user_key, saved_at, dry_run=True)
            if user_key == _NOBODY and not spooled:
                return SavedPosts()
            with self._connections.writing_on(connection):
                if user_key == _NOBODY and new_user is not None:
                    create_user(connection, user_id, new_user, at)
                    user_key = user_key_of(connection, user_id)
                still = connection.execute("SELECT 1 FROM users WHERE user_key = ?", (user_key,))
                if still.fetchone() is None:
                    raise NotFoundError(f"user {user_id!r} was erased while the posts were read")
                return spool.merge(user_key, saved_at, dry_run=False)

    def count_posts(self, user_id: str) -> int:
        ((count,),) = self._rows(f"SELECT count(*) {_OF_USER}", user_id)
        return int(count)

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        with self._connections.snapshot() as connection:
            rows = connection.execute(
                f"SELECT * {_NEWEST} AND model IS NOT ? {IN_ORDER} LIMIT ?",
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
                f"SELECT * {_NEWEST} AND model = ? {IN_ORDER}",
                (user_id, *_oldest_of(connection, user_id, max_posts), model),
            ).fetchall()
        return [_classified_post_of(row) for row in rows]

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        rows = self._rows(f"SELECT * {_OF_USER} AND model IS NOT NULL {IN_ORDER}", user_id)
        return [_classified_post_of(row) for row in rows]

    def correct_post(self, user_id: str, post_id: str, emotion: str | None) -> StoredPost:
        with self._connections.writing() as connection:
            row = connection.execute(
                "UPDATE posts SET correction = ? "
                "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) AND post_id = ? "
                "RETURNING *",
                (emotion, user_id, stored_text(post_id)),
            ).fetchone()
        if row is None:
            raise no_such_post(user_id, post_id)
        return stored_post_of(row)

    def labelled_posts(self) -> LabelledPosts:
        return labelled_posts_of(tuple(row) for row in self._rows(_LABELLED))


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
            f"SELECT created_at, length(post_id), post_id {_OF_USER} {IN_ORDER} LIMIT 1 OFFSET ?",
            (user_id, max_posts - 1),
        ).fetchone()
        if row is not None:
            return (row["created_at"], *row)
    return (_BEFORE_ALL, _BEFORE_ALL, 0, "")


def post_of(row: sqlite3.Row) -> Post:
    """Read a post from a row with all columns of posts."""
    # By position, not by name: looking up 24 names took most of the time of reading a post.
    post_id, text, created_at, ownership, *engagement, language, hashtags = row[_POST]
    return Post(
        post_id=post_id,
        text=text,
        created_at=time_of(created_at),
        ownership=OWNERSHIPS[ownership],
        engagement=Engagement(*engagement),
        language=language,
        hashtags=_texts(hashtags),
        earlier_ids=_texts(row[_EARLIER_IDS]),
        own_word=row[_OWN_WORD],
    )


def stored_post_of(row: sqlite3.Row) -> StoredPost:
    """Read a post, classified or not, from a row with all columns of posts."""
    classification = None if row["model"] is None else classification_of(row)
    return StoredPost(post_of(row), classification, row[_CORRECTION])


def _classified_post_of(row: sqlite3.Row) -> ClassifiedPost:
    return ClassifiedPost(post_of(row), classification_of(row), row[_CORRECTION])


def _texts(stored: str) -> tuple[str, ...]:
    if stored == "[]":
        return ()
    if "\\" in stored:
        return tuple(json.loads(stored))
    return tuple(stored[2:-2].split('","'))  # nothing is escaped: ten times faster than JSON


def classification_of(row: sqlite3.Row) -> Classification:
    """Read the classification from a classified row with all columns of posts."""
    label, anger, fear, joy, love, sadness, surprise, neutral, *others = row[_CLASSIFICATION]
    irony, tokens, truncated, language = others
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
        language=language,
    )
