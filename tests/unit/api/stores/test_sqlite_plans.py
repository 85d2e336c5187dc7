"""No statement of the SQLite store reads more rows than necessary."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.domain.analyses import Analysis, AnalysisRequest, Problem, Progress
from api.domain.api_keys import ApiKey
from api.domain.posts import EMOTIONS, Classification, Post
from api.domain.recommendations import CatalogueItem
from api.stores.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moodline.db"


def posts(count: int, text: str = "text") -> list[Post]:
    return [Post(str(number), f"{text} {number}", NOW) for number in range(count)]


def use_everything(store: SqliteStore) -> None:
    """Call every method that runs statements, with each of their shapes."""
    store.ensure_user("alice", "Alice", NOW)
    store.set_consent("alice", NOW)
    store.set_matchable("alice", True)
    store.save_posts("alice", posts(3), NOW)
    store.save_posts("alice", posts(3, "edited"), NOW)
    use_the_queue(store)
    for max_posts in (None, 2):
        store.unclassified_posts("alice", "m@1", max_posts=max_posts, limit=9)
        store.count_unclassified("alice", "m@1", max_posts=max_posts)
        store.classified_posts("alice", "m@1", max_posts=max_posts)
    store.latest_classified_posts("alice")
    store.count_posts("alice")
    store.source_mark("alice", "x", "alice")
    store.set_sign_in("alice", "x", "sealed")
    store.sign_in("alice", "x")
    store.latest_mood("alice")
    store.interests("alice")
    store.replace_catalogue([CatalogueItem("Stressed", "account", "a", "")])
    store.catalogue("Stressed")
    store.friend_candidates("bob", "Cheerful", ["music"], limit=3)
    store.add_feedback("finished", "Stressed", NOW)
    store.export_user("alice")
    store.add_key(ApiKey("p", "name", b"", frozenset(), frozenset(), NOW))
    store.key("p")
    store.all_keys()
    store.note_use("p", NOW)
    store.remove_key("p")
    store.sweep(NOW + timedelta(days=1_000))
    store.ping()
    store.erase_user("alice", LATER)


def use_the_queue(store: SqliteStore) -> None:
    progress = Progress()
    classification = Classification("joy", dict.fromkeys(EMOTIONS, 1 / 7), 0.5, 3, False)
    for ending in ("failed", "finished"):
        for _ in range(2):  # made, then found by its key
            store.create_analysis(
                Analysis(ending, AnalysisRequest("alice"), NOW), idempotency_key=ending
            )
        named = store.claim(ending, owner="w", now=NOW, until=NOW)
        assert named is not None
        store.release(named[1])
        oldest = store.claim(None, owner="w", now=LATER, until=LATER)
        assert oldest is not None
        lease = store.renew(oldest[1], until=LATER, progress=progress)
        store.save_classifications(lease, "m@1", [("1", classification)])
        if ending == "failed":
            store.fail(lease, at=NOW, progress=progress, problem=Problem("a", "b", "c"))
        else:
            store.finish(
                lease, at=NOW, progress=progress, mood="Cheerful", result={}, hashtags=["music"]
            )
        store.analysis(ending)
    store.create_analysis(Analysis("later", AnalysisRequest("alice"), NOW), idempotency_key=None)
    deferred = store.claim("later", owner="w", now=LATER, until=LATER)
    assert deferred is not None
    store.defer(deferred[1], LATER)
    store.cancel("later", LATER)


SMALL_ON_PURPOSE = (
    "SCAN api_keys",  # to list them all
    "SCAN temp.spool",  # what is being saved is walked as a whole
    "SCAN spool",
    "SCAN analyses USING INDEX analyses_waiting",  # in order, past those that run, to the first
)


def test_every_statement_finds_its_rows_by_an_index_and_in_their_order(path: Path) -> None:
    ran: list[str] = []
    SqliteStore(path).close()
    store = SqliteStore(path, trace=ran.append)
    use_everything(store)
    store.close()

    checked, faults = 0, []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in dict.fromkeys(one.strip() for one in ran):
            if statement.startswith("CREATE TEMP"):
                connection.execute(statement)
            if not statement.startswith(("SELECT", "INSERT INTO", "UPDATE", "DELETE")):
                continue
            if statement == "DELETE FROM catalogue":
                continue
            checked += 1
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                if step.startswith(SMALL_ON_PURPOSE) or step == "SCAN CONSTANT ROW":
                    continue
                if step.startswith("SCAN") or "TEMP B-TREE" in step:
                    faults.append((step, statement))

    assert checked > 50
    assert faults == []


def test_erasing_follows_every_foreign_key_by_an_index(path: Path) -> None:
    SqliteStore(path).close()

    missing = []
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM pragma_table_list")]
        for table in tables:
            leading = {
                connection.execute("SELECT name FROM pragma_index_info(?)", (row[1],)).fetchone()[0]
                for row in connection.execute("SELECT * FROM pragma_index_list(?)", (table,))
                if not row[4]  # a partial index does not serve
            }
            for row in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)):
                if row[3] not in leading:
                    missing.append(f"{table}.{row[3]}")

    assert missing == []
