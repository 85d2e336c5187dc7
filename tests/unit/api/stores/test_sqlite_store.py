"""What only the SQLite store promises: its file, its versions and how it fails.

Its query plans: test_sqlite_plans.py. What it shares with every store: tests/contract/.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.posts import Post
from api.errors import StoreUnavailableError
from api.ports.store import SavedPosts
from api.stores.sqlite import SqliteStore
from api.stores.sqlite.schema import _IDEMPOTENCY_KEYS, _SAME_POSTS, MIGRATIONS, migrate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moodline.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def posts(count: int, text: str = "text") -> list[Post]:
    return [Post(str(number), f"{text} {number}", NOW) for number in range(count)]


def test_a_tombstone_says_when_but_not_who(path: Path, store: SqliteStore) -> None:
    store.ensure_user("alice", "Alice", NOW)

    store.erase_user("alice", LATER)

    with closing(sqlite3.connect(path)) as connection:
        ((user_hash, erased_at),) = connection.execute("SELECT * FROM tombstones").fetchall()
    assert len(user_hash) == 32
    assert erased_at == LATER.timestamp() * 1_000_000
    assert b"alice" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_the_folder_is_made_and_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "moodline.db"
    store = SqliteStore(path)
    store.ensure_user("alice", "Alice", NOW)

    rights = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    store.close()
    assert path.exists()
    assert rights == {0o600}


def test_a_forked_process_is_told_to_open_its_own(store: SqliteStore) -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()

    def use_what_was_inherited() -> None:
        for call in (store.ping, lambda: store.user("alice")):
            try:
                call()
            except StoreUnavailableError as exc:
                answers.put(exc.detail)
        store.close()

    child = fork.Process(target=use_what_was_inherited)
    child.start()
    child.join(30)

    assert child.exitcode == 0
    assert all("then open the store in each process" in answers.get() for _ in range(2))
    store.ping()


def test_spooled_posts_are_taken_over_in_one_transaction(path: Path) -> None:
    ran: list[str] = []
    store = SqliteStore(path, trace=lambda statement: ran.append(statement.strip()))
    store.ensure_user("alice", "Alice", NOW)
    ran.clear()

    store.save_posts("alice", posts(1_200), NOW)

    store.close()
    begin = ran.index("BEGIN IMMEDIATE")
    before, within = ran[:begin], ran[begin + 1 :]
    assert not [one for one in before if one.startswith(("INSERT INTO posts", "UPDATE posts"))]
    assert within[-1] == "COMMIT"
    assert [one for one in within if one.startswith("INSERT INTO posts")]
    assert len(within) < 30  # whatever the number of posts


def test_migrations_run_in_order_from_where_the_file_stands(path: Path) -> None:
    two = (*MIGRATIONS, ("ALTER TABLE users ADD COLUMN extra TEXT", "UPDATE users SET extra = 1"))
    store = SqliteStore(path)
    store.ensure_user("alice", "Alice", NOW)
    store.close()

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, "file", two)
        migrate(connection, "file", two)
        extra = connection.execute("SELECT extra FROM users").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()

    assert (extra, version) == ([("1",)], (len(MIGRATIONS) + 1,))


def test_idempotency_keys_of_an_older_version_still_stand_for_their_analyses(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, "file", MIGRATIONS[: MIGRATIONS.index(_IDEMPOTENCY_KEYS)])
        connection.execute(
            "INSERT INTO users (user_id, user_name, created_at) VALUES ('a', 'A', 0)"
        )
        for analysis_id, key in (("old", "key"), ("older", None), ("oldest", None)):
            connection.execute(
                "INSERT INTO analyses (analysis_id, user_key, idempotency_key, source, as_of, "
                "created_at, state) VALUES (?, 1, ?, 'imported', 'now', 0, 'failed')",
                (analysis_id, key),
            )
    store = SqliteStore(path)
    analysis = Analysis("new", AnalysisRequest("a"), NOW)

    found, created = store.create_analysis(analysis, idempotency_key="key")
    exported = store.export_user("a")["analyses"]
    store.close()

    assert (found.analysis_id, created) == ("old", False)
    assert [one["idempotency_keys"] for one in exported] == [["key"], [], []]


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    SqliteStore(path).close()
    broken = (*MIGRATIONS, ("CREATE TABLE extra (a)", "INSERT INTO nowhere VALUES (1)"))

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, "file", broken)
        version = connection.execute("PRAGMA user_version").fetchone()
        extra = connection.execute("SELECT * FROM sqlite_master WHERE name = 'extra'").fetchall()

    assert (version, extra) == ((len(MIGRATIONS),), [])


def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreUnavailableError, match=r"newer version \(its schema is 99"):
        SqliteStore(path)


def test_the_database_of_another_program_is_refused_and_not_touched(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()

    with pytest.raises(StoreUnavailableError, match="another program"):
        SqliteStore(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("make", "name", "told"),
    [
        (lambda path: path.write_text("tweet_id,text\n" * 500), "", "no SQLite database"),
        (Path.mkdir, "", "cannot be opened"),
        (Path.touch, "moodline.db", r"folder of the store .*cannot be made"),
    ],
    ids=["no database", "a folder in place of the file", "a file in place of the folder"],
)
def test_what_cannot_be_a_store_is_refused(
    path: Path, make: Callable[[Path], object], name: str, told: str
) -> None:
    make(path)

    with pytest.raises(StoreUnavailableError, match=told):
        SqliteStore(path / name)


def test_a_file_moved_away_is_not_replaced_by_an_empty_one(path: Path) -> None:
    store = SqliteStore(path)
    store.ensure_user("alice", "Alice", NOW)
    path.unlink()

    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        store.save_posts("alice", posts(1), NOW)  # takes a connection of its own

    store.close()
    assert not path.exists()


def test_a_write_lock_held_too_long_is_told_as_busy_and_readers_do_not_wait(path: Path) -> None:
    store = SqliteStore(path, busy_seconds=0.01)
    store.ensure_user("alice", "Alice", NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM users")

        with pytest.raises(StoreUnavailableError, match="busy") as caught:
            store.ping()
        seen = store.user("alice")

    store.close()
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert seen is not None


def on_a_full_disk(path: Path, answers: multiprocessing.SimpleQueue[str]) -> None:
    store = SqliteStore(path)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
    try:
        store.save_posts("alice", posts(5_000, "x" * 200), NOW)
    except StoreUnavailableError as exc:
        answers.put(exc.detail)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    answers.put(str(store.save_posts("alice", posts(5_000), NOW).created))


def test_a_write_that_the_disk_refuses_keeps_nothing_and_the_store_goes_on(
    path: Path, store: SqliteStore
) -> None:
    store.ensure_user("alice", "Alice", NOW)
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    child = spawn.Process(target=on_a_full_disk, args=(path, answers))

    child.start()
    child.join(60)

    assert child.exitcode == 0
    assert "disk" in answers.get()
    assert answers.get() == "5000"


def test_posts_of_an_older_version_are_read_and_compared(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, "file", MIGRATIONS[: MIGRATIONS.index(_SAME_POSTS)])
        connection.execute(
            "INSERT INTO users (user_id, user_name, created_at) VALUES ('a', 'A', 0)"
        )
        for post_id in ("1", "a" * 32):
            connection.execute(
                "INSERT INTO posts (user_key, post_id, text, created_at, ownership, likes, reposts,"
                " replies, quotes, bookmarks, impressions, hashtags, saved_at)"
                " VALUES (1, ?, ?, 0, 'own', 0, 0, 0, 0, 0, 0, '[]', 0)",
                (post_id, f"text {post_id}"),
            )
    store = SqliteStore(path)

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    saved = store.save_posts(
        "a",
        [
            Post("1", "text 1", epoch),
            Post("2", f"text {'a' * 32}", epoch),
            Post("b" * 32, "text 1!", epoch),
        ],
        NOW,
    )

    found = store.unclassified_posts("a", "m", max_posts=None, limit=9)
    store.close()
    assert saved == SavedPosts(updated=1, unchanged=1, duplicates=1)
    assert [(post.post_id, post.earlier_ids, post.own_word) for post in found] == [
        ("2", (), None),
        ("1", (), None),
    ]


def test_a_dry_run_leaves_the_files_as_they_were(path: Path, store: SqliteStore) -> None:
    store.ensure_user("alice", "Alice", NOW)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}

    store.save_posts("alice", posts(2_000), NOW, dry_run=True)
    store.save_posts("bob", posts(2_000), NOW, dry_run=True)

    after = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert [
        name for name in after if not name.endswith("-shm") and after[name] != before[name]
    ] == []


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_store_whose_file_was_moved_away_from_its_log_is_not_begun_anew(
    path: Path, store: SqliteStore, left: str
) -> None:
    store.ensure_user("alice", "Alice", NOW)
    away = path.rename(path.with_suffix(".away"))
    log = path.with_name(f"{path.name}-wal")
    committed = log.read_bytes()
    if left == "an empty file":
        path.touch()

    with pytest.raises(StoreUnavailableError, match="put the file back"):
        SqliteStore(path)

    assert log.read_bytes() == committed
    assert path.exists() == (left == "an empty file")
    away.rename(path)
    with closing(SqliteStore(path)) as other:
        assert other.user("alice") is not None
