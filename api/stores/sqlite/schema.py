"""Tables, indexes and migrations of the store's file; api.stores.values defines stored times."""

import sqlite3
from collections.abc import Sequence

from api.errors import StoreUnavailableError
from api.stores.shared_rules import check_version

APPLICATION_ID = 0x4D4F4F44  # "MOOD": marks the files of this store

_TABLES = (
    # AUTOINCREMENT never reuses a key, so a write begun for an erased user cannot reach the same
    # user after they return.
    """
    CREATE TABLE users (
        user_key INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id TEXT NOT NULL UNIQUE,
        user_name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        consented_at INTEGER,
        matchable INTEGER NOT NULL DEFAULT 0,
        mood TEXT,
        mood_at INTEGER
    )
    """,
    """
    CREATE TABLE consents (
        consent_key INTEGER PRIMARY KEY,
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        consented_at INTEGER
    )
    """,
    # One column per emotion: exact, as compact as JSON, and easy to query.
    """
    CREATE TABLE posts (
        post_key INTEGER PRIMARY KEY,
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        post_id TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        ownership TEXT NOT NULL,
        likes INTEGER NOT NULL,
        reposts INTEGER NOT NULL,
        replies INTEGER NOT NULL,
        quotes INTEGER NOT NULL,
        bookmarks INTEGER NOT NULL,
        impressions INTEGER NOT NULL,
        language TEXT,
        hashtags TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        model TEXT,
        label TEXT,
        anger REAL,
        fear REAL,
        joy REAL,
        love REAL,
        sadness REAL,
        surprise REAL,
        neutral REAL,
        irony REAL,
        tokens INTEGER,
        truncated INTEGER,
        UNIQUE (user_key, post_id)
    )
    """,
    """
    CREATE TABLE analyses (
        analysis_key INTEGER PRIMARY KEY,
        analysis_id TEXT NOT NULL UNIQUE,
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        idempotency_key TEXT,
        source TEXT NOT NULL,
        max_posts INTEGER,
        as_of TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued',
        fetched INTEGER NOT NULL DEFAULT 0,
        classified INTEGER NOT NULL DEFAULT 0,
        reused INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL DEFAULT 0,
        attempt INTEGER NOT NULL DEFAULT 0,
        started_at INTEGER,
        finished_at INTEGER,
        result TEXT,
        problem TEXT,
        lease_owner TEXT,
        lease_until INTEGER,
        token INTEGER NOT NULL DEFAULT 0
    )
    """,
    # The result of an entry is stored once, with its analysis.
    """
    CREATE TABLE moods (
        mood_key INTEGER PRIMARY KEY,
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        analysis_key INTEGER NOT NULL REFERENCES analyses ON DELETE CASCADE,
        mood TEXT,
        created_at INTEGER NOT NULL
    )
    """,
    # mood, mood_at and matchable repeat columns of users, so that one index serves matching.
    """
    CREATE TABLE user_hashtags (
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        position INTEGER NOT NULL,
        hashtag TEXT NOT NULL,
        mood TEXT,
        mood_at INTEGER NOT NULL,
        matchable INTEGER NOT NULL,
        PRIMARY KEY (user_key, position)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE catalogue (
        position INTEGER PRIMARY KEY,
        mood TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        about TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE feedback (
        feedback_key INTEGER PRIMARY KEY,
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        analysis_key INTEGER NOT NULL UNIQUE REFERENCES analyses ON DELETE CASCADE,
        mood TEXT NOT NULL,
        created_at INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE tombstones (
        user_hash BLOB PRIMARY KEY,
        erased_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "INSERT INTO facts VALUES ('tombstone_salt', randomblob(32)), ('pings', 0)",
)

# PRIMARY KEY and UNIQUE above have an index each.
_INDEXES = (
    # Newest first; ids of equal age by length, then text, which is the order of numbers. It
    # contains the model, so that finding unclassified posts reads no text of classified ones.
    """
    CREATE INDEX posts_newest
    ON posts (user_key, created_at DESC, length(post_id) DESC, post_id DESC, model)
    """,
    """
    CREATE UNIQUE INDEX analyses_active ON analyses (user_key)
    WHERE state IN ('queued', 'running')
    """,
    """
    CREATE INDEX analyses_waiting ON analyses (created_at, analysis_key)
    WHERE state IN ('queued', 'running')
    """,
    "CREATE UNIQUE INDEX analyses_idempotency ON analyses (user_key, idempotency_key)",
    "CREATE INDEX moods_newest ON moods (user_key, mood_key DESC)",
    "CREATE INDEX moods_analysis ON moods (analysis_key)",
    "CREATE INDEX users_matchable ON users (mood, mood_at DESC, user_key) WHERE matchable = 1",
    # matchable is a column as well as the condition: otherwise SQLite reads each row for it.
    """
    CREATE INDEX user_hashtags_matchable
    ON user_hashtags (mood, hashtag, mood_at DESC, user_key, matchable) WHERE matchable = 1
    """,
    "CREATE INDEX consents_user ON consents (user_key)",
    "CREATE INDEX feedback_user ON feedback (user_key)",
    "CREATE INDEX catalogue_mood ON catalogue (mood, position)",
)

_SOURCES = (
    "ALTER TABLE analyses ADD COLUMN source_user TEXT",
    "ALTER TABLE analyses ADD COLUMN source_cost TEXT",
    """
    CREATE TABLE source_marks (
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        source TEXT NOT NULL,
        account TEXT NOT NULL,
        post_id TEXT NOT NULL,
        PRIMARY KEY (user_key, source, account)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE sign_ins (
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        source TEXT NOT NULL,
        sealed TEXT NOT NULL,
        PRIMARY KEY (user_key, source)
    ) WITHOUT ROWID
    """,
)

_KEYS_AND_CONSENT_WORDS = (
    # users are the ids of the users whose data the key gives access to: plain values, as the key
    # outlives the users.
    """
    CREATE TABLE api_keys (
        prefix TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        digest BLOB NOT NULL,
        scopes TEXT NOT NULL,
        users TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER
    ) WITHOUT ROWID
    """,
    "ALTER TABLE consents ADD COLUMN words TEXT",
)

# For the retention sweep.
_RETENTION = (
    "CREATE INDEX posts_saved ON posts (saved_at)",
    "CREATE INDEX analyses_finished ON analyses (finished_at) WHERE finished_at IS NOT NULL",
    "CREATE INDEX users_mood_at ON users (mood_at) WHERE mood_at IS NOT NULL",
)

# Position at which the fetch of an analysis continues.
_FETCH_PLACES = ("ALTER TABLE analyses ADD COLUMN fetch_place TEXT",)

# The language detected in the text, a part of the classification.
_DETECTED_LANGUAGES = ("ALTER TABLE posts ADD COLUMN detected_language TEXT",)

# A row of earlier_posts for each of a post's earlier_ids, which the column repeats in order.
# posts_made are the posts with a content id, which give way to the same posts with a source's id.
_SAME_POSTS = (
    "ALTER TABLE posts ADD COLUMN earlier_ids TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE posts ADD COLUMN own_word TEXT",
    """
    CREATE TABLE earlier_posts (
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        earlier_id TEXT NOT NULL,
        post_key INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
        PRIMARY KEY (user_key, earlier_id, post_key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX earlier_posts_post ON earlier_posts (post_key)",
    """
    CREATE INDEX posts_made ON posts (user_key, created_at)
    WHERE length(post_id) = 32 AND post_id NOT GLOB '*[^0-9a-f]*'
    """,
)

# An analysis may have several keys: also those of requests that found it queued or running.
_IDEMPOTENCY_KEYS = (
    """
    CREATE TABLE idempotency_keys (
        user_key INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        idempotency_key TEXT NOT NULL,
        analysis_key INTEGER NOT NULL REFERENCES analyses ON DELETE CASCADE,
        PRIMARY KEY (user_key, idempotency_key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX idempotency_keys_analysis ON idempotency_keys (analysis_key)",
    "INSERT INTO idempotency_keys SELECT user_key, idempotency_key, analysis_key FROM analyses "
    "WHERE idempotency_key IS NOT NULL",
    "DROP INDEX analyses_idempotency",
    "CREATE INDEX analyses_user ON analyses (user_key)",
    "ALTER TABLE analyses DROP COLUMN idempotency_key",
)

# Leases and deferrals, which every worker watches.
_HOLDS = (
    """
    CREATE INDEX analyses_held ON analyses (analysis_id, token, lease_until, state)
    WHERE lease_until IS NOT NULL
    """,
)

# Seconds that an analysis spent in each stage.
_STAGE_SECONDS = ("ALTER TABLE analyses ADD COLUMN stage_seconds TEXT",)

# correction is the emotion that the user says a post has, training whether the user agreed that
# corrections and feedback are used to train.
_CORRECTIONS = (
    "ALTER TABLE posts ADD COLUMN correction TEXT",
    "CREATE INDEX posts_corrected ON posts (user_key) WHERE correction IS NOT NULL",
    "ALTER TABLE users ADD COLUMN training INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE consents ADD COLUMN training INTEGER NOT NULL DEFAULT 0",
)

# To browse posts and past analyses. posts_newest has the ownership now, so that those of one are
# counted without reading a post; and posts_emotion has the same order.
_BROWSING = (
    "DROP INDEX posts_newest",
    """
    CREATE INDEX posts_newest
    ON posts (user_key, created_at DESC, length(post_id) DESC, post_id DESC, model, ownership)
    """,
    """
    CREATE INDEX posts_emotion
    ON posts (
        user_key, coalesce(correction, label), created_at DESC, length(post_id) DESC, post_id DESC,
        ownership
    )
    """,
    """
    CREATE INDEX analyses_history ON analyses (user_key, finished_at DESC, analysis_id DESC)
    WHERE state = 'succeeded'
    """,
)

# Earlier versions did not look for what deleted rows leave in the file: as if one were deleted now.
LEFTOVERS = (
    """
    INSERT INTO facts SELECT 'deletions', 1 WHERE EXISTS (SELECT 1 FROM users UNION ALL
    SELECT 1 FROM tombstones) ON CONFLICT (name) DO UPDATE SET value = value + 1
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _TABLES + _INDEXES,
    _SOURCES,
    _KEYS_AND_CONSENT_WORDS,
    _RETENTION,
    _FETCH_PLACES,
    _DETECTED_LANGUAGES,
    _SAME_POSTS,
    _IDEMPOTENCY_KEYS,
    _HOLDS,
    _STAGE_SECONDS,
    _CORRECTIONS,
    _BROWSING,
    LEFTOVERS,
)
"""Statements that lead from each schema version to the next; a released one never changes."""

Migrations = Sequence[Sequence[str]]


def check_owner(
    connection: sqlite3.Connection, file: str, migrations: Migrations = MIGRATIONS
) -> None:
    """Raise StoreUnavailableError if the file is of another program or a newer version."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or objects:
            raise StoreUnavailableError(
                f"{file} is not a store: it is the database of another program; name another file"
            )
    check_version(file, _version(connection), len(migrations))


def migrate(connection: sqlite3.Connection, file: str, migrations: Migrations = MIGRATIONS) -> None:
    """Migrate the file to the newest schema in one transaction; concurrent callers wait.

    The schema version is SQLite's user_version: the number of migrations applied. Raises
    StoreUnavailableError if this version cannot migrate the file.
    """
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        check_owner(connection, file, migrations)  # again: nothing can change it under the lock
        for statements in migrations[_version(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
