"""What was deleted from a SQLite store is gone from its files too, and nobody waits for that."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.domain.posts import Post
from api.ports.store import Retention
from api.stores.sqlite import SqliteStore
from api.stores.sqlite.leftovers import Leftovers
from api.stores.sqlite.schema import LEFTOVERS, MIGRATIONS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moodline.db"


@contextmanager
def opened(path: Path, busy_seconds: float = 10.0) -> Iterator[SqliteStore]:
    store = SqliteStore(path, busy_seconds=busy_seconds)
    yield store
    store.close()


@contextmanager
def reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the present state of the store, as a backup or an export does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM posts").fetchone()
        yield connection


def with_posts(store: SqliteStore, *user_ids: str, count: int = 2_000) -> None:
    for user_id in user_ids:
        store.ensure_user(user_id, user_id, NOW)
        secrets = [Post(str(n), f"a secret of {user_id} {n}", NOW) for n in range(count)]
        store.save_posts(user_id, secrets, NOW)


def in_files(path: Path, user_id: str) -> bool:
    """Return whether a text of the user is in any file of the store, the log and journal too."""
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    return f"a secret of {user_id}".encode() in files


def test_what_a_user_wrote_is_gone_from_the_files_after_erasure(path: Path) -> None:
    with opened(path) as store:
        with_posts(store, "alice", "bob", "carol")

        complete = store.erase_user("bob", LATER)

        assert complete
        assert not in_files(path, "bob")
        assert in_files(path, "carol")


def test_beside_a_reader_an_erasure_is_pending_and_is_completed_after_it(path: Path) -> None:
    with opened(path, busy_seconds=0.2) as store:
        with_posts(store, "alice", "bob")
        with reader(path) as held:
            complete = store.erase_user("bob", LATER)
            again = store.finish_erasures()
            (still_read,) = held.execute("SELECT count(*) FROM posts").fetchone()
            left = in_files(path, "bob")

        finished = store.finish_erasures()

        assert (complete, again, finished) == (False, False, True)
        assert (still_read, left) == (4_000, True)
        assert not in_files(path, "bob")
        assert in_files(path, "alice")


def test_the_next_process_completes_what_is_pending(path: Path) -> None:
    with reader_after_posts(path) as held:
        with opened(path) as store:
            complete = store.erase_user("bob", LATER)
        held.rollback()
        with opened(path) as store:
            left = in_files(path, "bob")
            finished = store.finish_erasures()

            assert (complete, left, finished) == (False, True, True)
            assert not in_files(path, "bob")


def test_only_the_erasure_of_the_user_themselves_is_pending_for_them(path: Path) -> None:
    with opened(path) as store:
        with_posts(store, "alice", "bob", "carol")
        store.erase_user("carol", NOW)
        with reader(path):
            store.erase_user("bob", LATER)
            beside = [store.erasure_pending(name) for name in ("alice", "bob", "carol", "dan")]

        store.finish_erasures()

        assert beside == [False, True, False, False]
        assert not store.erasure_pending("bob")


def erased_among_moved_rows(path: Path, seed: int) -> list[str]:
    """Erase one of four users whose rows SQLite has moved between pages; return all texts left."""
    chance = random.Random(seed)  # noqa: S311  no secret
    users = [f"user{number}" for number in range(4)]
    with opened(path) as store:
        for user_id in users:
            store.ensure_user(user_id, user_id, NOW)
        for _ in range(40):
            user_id = chance.choice(users)
            lengths = {number: chance.randrange(300) for number in chance.sample(range(200), 15)}
            posts = [
                Post(str(number), f"a secret of {user_id} {'x' * length}", NOW)
                for number, length in lengths.items()
            ]
            store.save_posts(user_id, posts, NOW)
        assert store.erase_user("user1", LATER)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return [text for (text,) in connection.execute("SELECT text FROM posts")]


def test_no_copy_of_a_row_that_sqlite_moved_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erased(folder: str) -> tuple[list[list[str]], list[bool]]:
        paths = [tmp_path / folder / str(seed) / "moodline.db" for seed in range(12)]
        texts = [erased_among_moved_rows(path, seed) for seed, path in enumerate(paths)]
        return texts, [in_files(path, "user1") for path in paths]

    with monkeypatch.context() as without:
        without.setattr(Leftovers, "pages", lambda _: [])
        texts, left = erased("without")

    assert any(left)
    assert erased("with") == (texts, [False] * 12)


def test_a_store_of_an_earlier_version_is_searched_for_copies(path: Path) -> None:
    with opened(path) as store:
        with_posts(store, "alice")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {MIGRATIONS.index(LEFTOVERS)}")

    with opened(path) as store, reader(path):
        assert not store.finish_erasures()


@contextmanager
def reader_after_posts(path: Path) -> Iterator[sqlite3.Connection]:
    with opened(path) as store:
        with_posts(store, "alice", "bob")
        with reader(path) as held:
            yield held


@pytest.mark.parametrize("finished_by_another", [False, True])
def test_an_erasure_during_the_completion_of_another_stays_pending(
    path: Path, finished_by_another: bool
) -> None:
    with opened(path) as store, opened(path) as another:
        with_posts(store, "alice", "bob")
        with reader(path):
            store.erase_user("bob", LATER)

        class MeanwhileErasing(type(store._connections)):  # type: ignore[misc]
            def remove_deleted(self) -> bool:
                removed: bool = super().remove_deleted()
                if finished_by_another:
                    assert another.finish_erasures()
                with reader(path):
                    store._connections = connections
                    store.erase_user("alice", LATER)
                return removed

        connections = store._connections
        store._connections = MeanwhileErasing(path, busy_seconds=10.0, trace=None)
        during = store.finish_erasures()
        left = in_files(path, "alice")
        pending = [store.erasure_pending(name) for name in ("alice", "bob")]

        assert (during, left, pending) == (False, True, [True, False])
        assert store.finish_erasures()
        assert not in_files(path, "alice")
        assert not store.erasure_pending("alice")


def test_no_writer_waits_for_the_erasure_beside_a_reader(path: Path) -> None:
    """The erasing store may wait 10 s for a lock, the others half a second: none needs to."""
    with opened(path) as erasing, opened(path, busy_seconds=0.5) as other:
        with_posts(erasing, "alice", "bob")
        with reader(path):
            thread = threading.Thread(target=erasing.erase_user, args=("bob", LATER))
            thread.start()
            writes = 0
            while thread.is_alive() or not writes:
                other.ping()
                writes += 1
            thread.join()

        assert writes > 0
        assert other.user("bob") is None


@pytest.mark.parametrize("held", [False, True], ids=["alone", "beside a reader"])
def test_what_passed_its_retention_is_gone_from_the_files_too(path: Path, held: bool) -> None:
    store = SqliteStore(path, retention=Retention(posts=timedelta(days=30)))
    with_posts(store, "bob")
    with reader(path) if held else closing(sqlite3.connect(path)):
        store.sweep(NOW + timedelta(days=31))
        beside = store.finish_erasures()

    finished = store.finish_erasures()

    assert (beside, finished) == (not held, True)
    assert not in_files(path, "bob")
    store.close()


def test_where_nothing_is_pending_nothing_is_written(path: Path) -> None:
    ran: list[str] = []
    store = SqliteStore(path, trace=ran.append)
    ran.clear()

    assert store.finish_erasures()

    store.close()
    assert len(ran) == 1
