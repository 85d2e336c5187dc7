"""Collect posts beside the store, then take them over in one short transaction.

The spool is a temporary table of one connection: SQLite keeps it in a file of its own that has no
name, so filling it takes no lock on the store, and it is gone with the connection or the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from api.ports.store import SavedPosts
from api.stores.sqlite.faults import translated
from api.stores.sqlite.rows import user_key_of

_CREATE = """
    CREATE TEMP TABLE spool (
        post_id TEXT PRIMARY KEY, text, created_at, ownership, likes, reposts, replies, quotes,
        bookmarks, impressions, language, hashtags
    )
"""

_ADD = "INSERT OR REPLACE INTO temp.spool VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_COUNT_KNOWN = """
    SELECT count(*) FROM temp.spool CROSS JOIN posts
    ON posts.user_key = ? AND posts.post_id = spool.post_id
"""

# What a model said of another text says nothing of this one.
_DROP_CLASSIFICATIONS = """
    UPDATE posts SET model = NULL, label = NULL, anger = NULL, fear = NULL, joy = NULL,
        love = NULL, sadness = NULL, surprise = NULL, neutral = NULL, irony = NULL, tokens = NULL,
        truncated = NULL
    WHERE post_key IN (
        SELECT post_key FROM temp.spool CROSS JOIN posts
        ON posts.user_key = ? AND posts.post_id = spool.post_id
        WHERE posts.text <> spool.text AND posts.model IS NOT NULL
    )
"""

# Posts that did not change are not written, so fetching the same again costs the disk nothing ...
_MERGE = """
    INSERT INTO posts (
        user_key, saved_at, post_id, text, created_at, ownership, likes, reposts, replies, quotes,
        bookmarks, impressions, language, hashtags
    )
    SELECT ?, ?, * FROM temp.spool WHERE true
    ON CONFLICT (user_key, post_id) DO UPDATE SET
        saved_at = excluded.saved_at, text = excluded.text, created_at = excluded.created_at,
        ownership = excluded.ownership, likes = excluded.likes, reposts = excluded.reposts,
        replies = excluded.replies, quotes = excluded.quotes, bookmarks = excluded.bookmarks,
        impressions = excluded.impressions, language = excluded.language,
        hashtags = excluded.hashtags
    WHERE (
        text, created_at, ownership, likes, reposts, replies, quotes, bookmarks, impressions,
        language, hashtags
    ) IS NOT (
        excluded.text, excluded.created_at, excluded.ownership, excluded.likes, excluded.reposts,
        excluded.replies, excluded.quotes, excluded.bookmarks, excluded.impressions,
        excluded.language, excluded.hashtags
    )
"""

# ... but once a day, as their time to be kept starts anew.
_RENEW = """
    UPDATE posts SET saved_at = ?
    WHERE user_key = ? AND post_id IN (SELECT post_id FROM temp.spool) AND saved_at <= ?
"""
_DAY = 24 * 60 * 60 * 1_000_000


def create_spool(connection: sqlite3.Connection, file: str, user_id: str) -> int:
    """Make an empty spool and return the user's key. Raises NotFoundError."""
    with translated(file):
        user_key = user_key_of(connection, user_id)
        connection.execute(_CREATE)
        return user_key


def spool(
    connection: sqlite3.Connection, file: str, chunk: Sequence[tuple[str | int | None, ...]]
) -> None:
    """Add stored posts to the spool; a later version of a post takes the place of an earlier."""
    with translated(file):
        # One transaction a chunk: none stays open while the next posts are awaited.
        connection.execute("BEGIN")
        connection.executemany(_ADD, chunk)
        connection.execute("COMMIT")


def merge_spool(connection: sqlite3.Connection, user_key: int, saved_at: int) -> SavedPosts:
    """Take the spooled posts over, within the caller's transaction."""
    (spooled,) = connection.execute("SELECT count(*) FROM temp.spool").fetchone()
    (known,) = connection.execute(_COUNT_KNOWN, (user_key,)).fetchone()
    connection.execute(_DROP_CLASSIFICATIONS, (user_key,))
    written = connection.execute(_MERGE, (user_key, saved_at)).rowcount
    connection.execute(_RENEW, (saved_at, user_key, saved_at - _DAY))
    created = spooled - known
    return SavedPosts(created=created, updated=written - created, unchanged=spooled - written)
