"""Atomic import of posts: they stream into temporary tables and are merged in one transaction.

SQLite keeps temporary tables in an unnamed file, which is gone with the connection or the process.
What is compared with the stored posts is found by their indexes, so the cost is that of the import,
whatever is stored; only posts of the same minute can be the same (`content_key`), and keys are made
for those only.
"""

# ruff: noqa: S608  statements are made of constants only
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter

from api.domain.posts import Engagement, Ownership, Post, is_content_id, key_of_content
from api.ports.store import SavedPosts
from api.stores.same_posts import giving_way, standing_of
from api.stores.values import LARGEST, stored_json, stored_text, stored_time, time_of

CHUNK = 500  # posts in memory while they stream
OWNERSHIPS = {each.value: each for each in Ownership}
_COUNTS = attrgetter(*(field.name for field in fields(Engagement)))
_DAY = 24 * 60 * 60 * 1_000_000

# Columns of a post that saving it again replaces.
_COLUMNS = (
    "text, created_at, ownership, likes, reposts, replies, quotes, bookmarks, impressions, "
    "language, hashtags, earlier_ids, own_word"
)
_NEW = ", ".join(f"excluded.{column}" for column in _COLUMNS.split(", "))
_SPOOLED, _STORED = (
    ", ".join(f"{table}.{column}" for column in _COLUMNS.split(", "))
    for table in ("spool", "posts")
)
_PREPARE = (
    # Ids made from content come in no order: with SQLite's 2 MB most pages are read again.
    "PRAGMA main.cache_size = -12288",
    "PRAGMA temp.cache_size = -12288",
    # What failed is dropped with the connection, never rolled back.
    "PRAGMA temp.journal_mode = OFF",
    f"CREATE TEMP TABLE spool (post_id TEXT, {_COLUMNS})",
)
_ADD_TO_SPOOL = f"INSERT INTO temp.spool VALUES ({', '.join('?' * (2 + _COLUMNS.count(',')))})"
# Sorting the ids once is faster than keeping them sorted while they come.
_SORT_IDS = "CREATE INDEX temp.spool_ids ON spool (post_id)"
_HAS_VERSIONS = "SELECT 1 FROM temp.spool GROUP BY post_id HAVING count(*) > 1 LIMIT 1"
_KEEP_LAST_VERSIONS = """
    DELETE FROM temp.spool WHERE EXISTS (
        SELECT 1 FROM temp.spool AS later
        WHERE later.post_id = spool.post_id AND later.rowid > spool.rowid
    )
"""
_KNOWN = "FROM temp.spool CROSS JOIN posts ON posts.user_key = ? AND posts.post_id = spool.post_id"
_CHANGED = f"{_KNOWN} WHERE ({_STORED}) IS NOT ({_SPOOLED})"

# named: which post (by_id, of the time by_at) names which as its earlier version.
# gone: the earlier versions, stored or spooled or neither.
_EDIT_TABLES = (
    "CREATE TEMP TABLE named (earlier_id, by_id, by_at, PRIMARY KEY (earlier_id, by_id)) "
    "WITHOUT ROWID",
    "CREATE TEMP TABLE gone (post_id PRIMARY KEY) WITHOUT ROWID",
)
# A source that names no earlier versions of a post does not deny that there were some.
_KEEP_EARLIER_IDS = """
    UPDATE temp.spool SET earlier_ids = (
        SELECT earlier_ids FROM posts WHERE user_key = ?1 AND posts.post_id = spool.post_id
    )
    WHERE earlier_ids = '[]' AND post_id IN (
        SELECT posts.post_id FROM earlier_posts CROSS JOIN posts USING (post_key)
        WHERE earlier_posts.user_key = ?1
    )
"""
_NAMED_BY_SPOOLED = """
    INSERT OR IGNORE INTO temp.named
    SELECT earlier.value, spool.post_id, spool.created_at
    FROM temp.spool CROSS JOIN json_each(spool.earlier_ids) AS earlier
    WHERE spool.earlier_ids <> '[]' AND earlier.value <> spool.post_id
"""
_NAMED_BY_STORED = """
    INSERT OR IGNORE INTO temp.named
    SELECT earlier_id, posts.post_id, posts.created_at
    FROM temp.spool CROSS JOIN earlier_posts CROSS JOIN posts USING (post_key)
    WHERE earlier_posts.user_key = ? AND earlier_id = spool.post_id
"""
_GONE = """
    INSERT OR IGNORE INTO temp.gone
    SELECT named.earlier_id
    FROM temp.named LEFT JOIN temp.named AS back
    ON back.earlier_id = named.by_id AND back.by_id = named.earlier_id
    WHERE back.by_id IS NULL OR
        (named.by_at, length(named.by_id), named.by_id)
        > (back.by_at, length(back.by_id), back.by_id)
"""
_EDITS = """
    SELECT count(*) FROM temp.gone
    WHERE EXISTS (SELECT 1 FROM temp.spool WHERE spool.post_id = gone.post_id)
        OR EXISTS (SELECT 1 FROM posts WHERE user_key = ? AND posts.post_id = gone.post_id)
"""
_FORGET_EARLIER = f"""
    DELETE FROM earlier_posts WHERE post_key IN (
        SELECT post_key {_KNOWN} WHERE spool.earlier_ids <> '[]'
    )
"""
_NOTE_EARLIER = f"""
    INSERT OR IGNORE INTO earlier_posts (user_key, earlier_id, post_key)
    SELECT posts.user_key, earlier.value, posts.post_key
    {_KNOWN} CROSS JOIN json_each(spool.earlier_ids) AS earlier
    WHERE spool.earlier_ids <> '[]' AND earlier.value <> spool.post_id
"""

# minutes: since the year 1, those in which posts may be the same.
# candidates: their posts, as `giving_way` takes them.
# same: the posts that give way, to which, and whether that one takes their row.
_SAME_TABLES = (
    "CREATE TEMP TABLE minutes (minute INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE candidates (content_key, standing, number, post_id)",
    "CREATE TEMP TABLE same (post_id PRIMARY KEY, kept_id, takes_place) WITHOUT ROWID",
)
_YEAR_1 = 62_135_596_800_000_000
_MINUTE = f"((spool.created_at + {_YEAR_1}) / 60000000)"
_IN_MINUTE = (
    f"posts.user_key = ? AND posts.created_at >= {{0}} * 60000000 - {_YEAR_1} "
    f"AND posts.created_at < {{0}} * 60000000 + 60000000 - {_YEAR_1}"
)


def _content_id(table: str) -> str:
    """Return the condition for is_content_id, as the index posts_made has it."""
    return f"length({table}.post_id) = 32 AND {table}.post_id NOT GLOB '*[^0-9a-f]*'"


_HAS_CONTENT_IDS = f"""
    SELECT 1 FROM posts INDEXED BY posts_made
    WHERE user_key = ? AND {_content_id("posts")} LIMIT 1
"""
_SHARED_MINUTES = f"""
    INSERT OR IGNORE INTO temp.minutes
    SELECT {_MINUTE} AS minute FROM temp.spool
    GROUP BY minute HAVING count(*) > 1 AND max({_content_id("spool")})
"""
_MINUTES_OF_CONTENT_IDS = f"""
    INSERT OR IGNORE INTO temp.minutes
    SELECT {_MINUTE} FROM temp.spool
    WHERE {_content_id("spool")} AND EXISTS (
        SELECT 1 FROM posts
        WHERE {_IN_MINUTE.format(_MINUTE)} AND posts.post_id <> spool.post_id
    )
"""
_MINUTES_OF_STORED_CONTENT_IDS = f"""
    INSERT OR IGNORE INTO temp.minutes
    SELECT {_MINUTE} FROM temp.spool
    WHERE NOT ({_content_id("spool")}) AND EXISTS (
        SELECT 1 FROM posts INDEXED BY posts_made
        WHERE {_content_id("posts")} AND {_IN_MINUTE.format(_MINUTE)}
    )
"""
_SPOOLED_CANDIDATES = f"""
    SELECT post_id, text, created_at, ownership, EXISTS (
        SELECT 1 FROM posts WHERE posts.user_key = ? AND posts.post_id = spool.post_id
    )
    FROM temp.spool WHERE {_MINUTE} IN (SELECT minute FROM temp.minutes) ORDER BY spool.rowid
"""
_STORED_CANDIDATES = f"""
    SELECT post_id, text, created_at, ownership, 1
    FROM temp.minutes CROSS JOIN posts
    WHERE {_IN_MINUTE.format("minute")}
        AND NOT EXISTS (SELECT 1 FROM temp.spool WHERE spool.post_id = posts.post_id)
        AND NOT EXISTS (SELECT 1 FROM temp.gone WHERE gone.post_id = posts.post_id)
"""
_CANDIDATES = "SELECT * FROM temp.candidates ORDER BY content_key, standing, number"
_DUPLICATES = """
    SELECT count(*), coalesce(sum(takes_place), 0), coalesce(sum(takes_place AND EXISTS (
        SELECT 1 FROM temp.spool WHERE spool.post_id = same.post_id
    )), 0)
    FROM temp.same
"""
# No stored post has such hashtags: what takes a place is always counted as updated.
_TAKE_PLACE = """
    UPDATE posts SET hashtags = '', post_id = (
        SELECT kept_id FROM temp.same WHERE same.post_id = posts.post_id
    )
    WHERE user_key = ? AND post_id IN (SELECT post_id FROM temp.same WHERE takes_place)
"""

_DELETE = "DELETE FROM posts WHERE user_key = ? AND post_id IN ({})"

# The classification and the correction of another text say nothing about this one.
_DROP_EMOTIONS = f"""
    UPDATE posts SET model = NULL, label = NULL, anger = NULL, fear = NULL, joy = NULL,
        love = NULL, sadness = NULL, surprise = NULL, neutral = NULL, irony = NULL, tokens = NULL,
        truncated = NULL, detected_language = NULL, correction = NULL
    WHERE post_key IN (
        SELECT post_key {_KNOWN} WHERE posts.text <> spool.text
            AND (posts.model IS NOT NULL OR posts.correction IS NOT NULL)
    )
"""

# Unchanged posts are not written, so fetching them again costs the disk nothing ...
_MERGE_SPOOL = f"""
    INSERT INTO posts (user_key, saved_at, post_id, {_COLUMNS})
    SELECT ?, ?, * FROM temp.spool WHERE true
    ON CONFLICT (user_key, post_id)
    DO UPDATE SET (saved_at, {_COLUMNS}) = (excluded.saved_at, {_NEW})
    WHERE ({_COLUMNS}) IS NOT ({_NEW})
"""

# ... except once a day, as their retention starts again.
_RENEW_RETENTION = f"""
    UPDATE posts SET saved_at = ?
    WHERE post_key IN (SELECT post_key {_KNOWN} WHERE saved_at <= ?)
"""
_RENEW_KEPT = """
    UPDATE posts SET saved_at = ?
    WHERE user_key = ? AND post_id IN (SELECT kept_id FROM temp.same) AND saved_at <= ?
"""


class Spool:
    """The posts of one import, in temporary tables of a connection that nobody else uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._content_ids = False
        self._edited = False
        for statement in _PREPARE:
            connection.execute(statement)

    def add(self, posts: list[Post]) -> None:
        """Spool posts."""
        self._content_ids = self._content_ids or any(is_content_id(post.post_id) for post in posts)
        self._edited = self._edited or any(post.earlier_ids for post in posts)
        rows = [_stored_post(post) for post in posts]
        # One transaction per chunk: none is open while the next posts are read.
        self._connection.execute("BEGIN")
        self._connection.executemany(_ADD_TO_SPOOL, rows)
        self._connection.execute("COMMIT")

    def keep_last_versions(self) -> None:
        """Of the spooled posts with the same id keep the last."""
        self._connection.execute(_SORT_IDS)
        if self._any(_HAS_VERSIONS):
            self._connection.execute(_KEEP_LAST_VERSIONS)

    def merge(self, user_key: int, saved_at: int, *, dry_run: bool) -> SavedPosts:
        """Merge the spooled posts into those of a user, within a transaction of the caller.

        A dry run only reads what is stored.
        """
        has_posts = self._any("SELECT 1 FROM posts WHERE user_key = ? LIMIT 1", user_key)
        edits = self._leave_out_edits(user_key)
        duplicates, places = self._leave_out_duplicates(user_key, has_posts=has_posts)
        (spooled,) = self._row("SELECT count(*) FROM temp.spool")
        known = self._row(f"SELECT count(*) {_KNOWN}", user_key)[0] if has_posts else 0
        created = spooled - known - places
        if dry_run:
            changed = self._row(f"SELECT count(*) {_CHANGED}", user_key)[0] if known else 0
            written = created + places + changed
        else:
            written = self._write(user_key, saved_at, known=known > 0 or places > 0)
        return SavedPosts(
            created=created,
            updated=written - created,
            unchanged=spooled - written,
            duplicates=duplicates,
            edits=edits,
        )

    def _leave_out_edits(self, user_key: int) -> int:
        """Take earlier versions of edited posts out of the spool; return how many there are."""
        for table in _EDIT_TABLES:
            self._connection.execute(table)
        stored = self._any("SELECT 1 FROM earlier_posts WHERE user_key = ? LIMIT 1", user_key)
        if stored:
            self._connection.execute(_KEEP_EARLIER_IDS, (user_key,))
            self._edited = True
        if not self._edited:
            return 0
        self._connection.execute(_NAMED_BY_SPOOLED)
        if stored:
            self._connection.execute(_NAMED_BY_STORED, (user_key,))
        self._connection.execute(_GONE)
        (edits,) = self._row(_EDITS, user_key)
        self._connection.execute(
            "DELETE FROM temp.spool WHERE post_id IN (SELECT post_id FROM temp.gone)"
        )
        return int(edits)

    def _leave_out_duplicates(self, user_key: int, *, has_posts: bool) -> tuple[int, int]:
        """Take posts that give way out of the spool.

        Returns how many duplicates there are, and how many posts take the place of a stored one.
        """
        stored = has_posts and self._any(_HAS_CONTENT_IDS, user_key)
        for table in _SAME_TABLES:
            self._connection.execute(table)
        if self._content_ids:
            self._connection.execute(_SHARED_MINUTES)
            if has_posts:
                self._connection.execute(_MINUTES_OF_CONTENT_IDS, (user_key,))
        if stored:
            self._connection.execute(_MINUTES_OF_STORED_CONTENT_IDS, (user_key,))
        if not self._any("SELECT 1 FROM temp.minutes LIMIT 1"):
            return 0, 0
        self._connection.executemany(
            "INSERT INTO temp.candidates VALUES (?, ?, ?, ?)",
            _numbered(
                itertools.chain(
                    self._connection.execute(_STORED_CANDIDATES, (user_key,)),
                    self._connection.execute(_SPOOLED_CANDIDATES, (user_key,)),
                )
            ),
        )
        candidates = (
            (row["content_key"], row["standing"], row["post_id"])
            for row in self._connection.execute(_CANDIDATES)
        )
        self._connection.executemany(
            "INSERT INTO temp.same VALUES (?, ?, ?)", giving_way(candidates)
        )
        gave_way, places, spooled_places = self._row(_DUPLICATES)
        self._connection.execute(
            "DELETE FROM temp.spool WHERE post_id IN (SELECT post_id FROM temp.same)"
        )
        # A stored post whose row is taken is no duplicate, unless it came again.
        return gave_way - places + spooled_places, places

    def _write(self, user_key: int, saved_at: int, *, known: bool) -> int:
        """Write what the spool contains; return how many posts were created or changed."""
        run, of_user = self._connection.execute, (user_key,)
        run(_DELETE.format("SELECT post_id FROM temp.gone"), of_user)
        run(_DELETE.format("SELECT post_id FROM temp.same WHERE NOT takes_place"), of_user)
        run(_TAKE_PLACE, of_user)
        if known:
            run(_DROP_EMOTIONS, of_user)
        written = run(_MERGE_SPOOL, (user_key, saved_at)).rowcount
        if self._edited:
            run(_FORGET_EARLIER, of_user)
            run(_NOTE_EARLIER, of_user)
        renewed = (saved_at, user_key, saved_at - _DAY)
        if known:
            run(_RENEW_RETENTION, renewed)
        run(_RENEW_KEPT, renewed)
        return written

    def _row(self, statement: str, *parameters: int) -> sqlite3.Row:
        row: sqlite3.Row = self._connection.execute(statement, parameters).fetchone()
        return row

    def _any(self, statement: str, *parameters: int) -> bool:
        return self._row(statement, *parameters) is not None


def _numbered(rows: Iterable[sqlite3.Row]) -> Iterator[tuple[str, int, int, str]]:
    """Yield the candidates of rows: content key, standing, number of the row, id."""
    for number, (post_id, text, created_at, ownership, known) in enumerate(rows):
        key = key_of_content(OWNERSHIPS[ownership], time_of(created_at), text)
        standing = standing_of(known=bool(known), content_id=is_content_id(post_id))
        yield key, int(standing), number, post_id


def _stored_post(post: Post) -> tuple[str | int | None, ...]:
    """Return the columns of the spool."""
    counts = _COUNTS(post.engagement)
    return (
        post.post_id,
        stored_text(post.text),
        stored_time(post.created_at),
        post.ownership.value,
        *(counts if max(counts) <= LARGEST else (min(count, LARGEST) for count in counts)),
        post.language,
        stored_json(post.hashtags) if post.hashtags else "[]",
        stored_json(post.earlier_ids) if post.earlier_ids else "[]",
        None if post.own_word is None else stored_text(post.own_word),
    )
