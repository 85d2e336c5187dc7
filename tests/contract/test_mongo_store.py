"""Prove what holds of the MongoDB store alone: half done work, operators, versions, forks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from api.adapters.mongo_store import MongoStore, imports
from api.adapters.mongo_store.migrations import MIGRATIONS, prepare
from api.adapters.mongo_store.schema import COLLECTIONS, OF_A_USER
from api.errors import MoodlineError, NotFoundError, StoreUnavailableError
from api.ports import Retention, Store
from tests.contract.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    SOON,
    a_classification,
    a_post,
    an_analysis,
    claimed,
    finished,
    known,
    queued,
    with_posts,
)
from tests.contract.stores import FOR_EVER

pytestmark = pytest.mark.integration


@pytest.fixture
def store(mongo_url: str) -> Iterator[MongoStore]:
    store = MongoStore(mongo_url, retention=FOR_EVER)
    yield store
    store.close()


@pytest.fixture
def database(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as client:
        yield client.get_default_database()


def texts(store: Store) -> list[str]:
    return [post.text for post in store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=99)]


def decided(database: Database[dict[str, Any]], *chunks: list[str]) -> list[dict[str, Any]]:
    """Leave an import behind that was decided and not carried forward; a chunk is its texts."""
    user = database.users.find_one({"_id": ALICE})
    assert user is not None
    number = 0
    for chunk, told in enumerate(chunks):
        posts = []
        for text in told:
            number += 1
            posts += next(imports.chunks_of([a_post(number, text=text)]))
        imports.stage(database, user["key"], "left", chunk, posts, NOW)
    imports.decide(database, user, "left")
    return list(database.imports.find({"import_id": "left"}).sort("chunk", 1))


READS: dict[str, Callable[[MongoStore], object]] = {
    "unclassified": lambda store: texts(store) == ["new", "new", "new"],
    "count": lambda store: store.count_posts(ALICE) == 3,
    "newest": lambda store: store.newest_post_id(ALICE) == "3",
    "export": lambda store: len(store.export_user(ALICE)["posts"]) == 3,
    "sweep": lambda store: store.sweep(NOW) == 0 and store.count_posts(ALICE) == 3,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("carried", [0, 1])
def test_an_import_that_was_decided_is_there_for_whoever_reads_next(
    store: MongoStore,
    database: Database[dict[str, Any]],
    read: Callable[[MongoStore], object],
    carried: int,
) -> None:
    with_posts(store, 1, 2)
    chunks = decided(database, ["new", "new"], ["new"])
    for staged in chunks[:carried]:
        imports.carry_forward(database, staged, 2 * 2**20)  # and then the process died

    assert read(store)
    assert database.imports.count_documents({}) == 0


def test_an_import_that_was_not_decided_shows_nowhere(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    with_posts(store, 1)
    user = database.users.find_one({"_id": ALICE})
    assert user is not None
    (chunk,) = imports.chunks_of([a_post(1, text="never decided"), a_post(2)])

    imports.stage(database, user["key"], "left", 0, chunk, NOW)

    assert texts(store) == ["post 1"]


def test_a_late_hand_cannot_put_back_what_a_later_import_replaced(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    known(store)
    (chunk,) = decided(database, ["older"])
    store.save_posts(ALICE, [a_post(1, text="newer")], LATER)

    imports.carry_forward(database, chunk, 1 * 2**20)

    assert texts(store) == ["newer"]
    assert store.count_posts(ALICE) == 1


def test_a_mood_whose_run_died_before_it_told_the_user_is_told_by_the_next_claim(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    store_told(store, database)

    claim = store.claim(None, owner="other", now=NOW, until=LATER)

    assert claim is None
    assert store.interests(ALICE) == ["music"]
    assert [one.user_id for one in candidates(store)] == [ALICE]
    assert database.analyses.count_documents({"untold": {"$eq": True}}) == 0


def store_told(store: MongoStore, database: Database[dict[str, Any]]) -> None:
    """Leave a finished analysis behind of which the user was not told."""
    finished(store)
    store.set_matchable(ALICE, True)
    database.users.update_one({"_id": ALICE}, {"$unset": {"mood": "", "mood_at": ""}})
    database.analyses.update_one({"_id": "a1"}, {"$set": {"untold": True, "hashtags": ["music"]}})
    assert candidates(store) == []
    assert store.latest_mood(ALICE) is not None


def candidates(store: MongoStore) -> list[Any]:
    return store.friend_candidates("bob", "Cheerful", ["music"], limit=9)


def test_an_older_mood_told_late_does_not_replace_a_newer(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    finished(store, "first", at=SOON, hashtags=("old",))
    finished(store, "second", at=LATER, hashtags=("new",))
    database.analyses.update_one({"_id": "first"}, {"$set": {"untold": True, "hashtags": ["old"]}})

    store.sweep(NOW)

    assert store.interests(ALICE) == ["new"]


def marked(store: MongoStore, database: Database[dict[str, Any]]) -> None:
    """Leave an erasure behind that was decided and not carried through."""
    with_posts(store, 1, 2)
    finished(store, "done", hashtags=("music",))
    store.add_feedback("done", "Satisfied", LATER)
    queued(store, "waiting")
    database.users.update_one({"_id": ALICE}, {"$set": {"erased_at": 1, "matchable": False}})


FINISHED_BY: dict[str, Callable[[MongoStore], object]] = {
    "the sweep": lambda store: store.sweep(NOW),
    "the same call again": lambda store: store.erase_user(ALICE, LATER),
    "the user coming back": lambda store: known(store),
}


@pytest.mark.parametrize("finish", FINISHED_BY.values(), ids=FINISHED_BY)
def test_an_erasure_whose_process_died_is_hidden_at_once_and_carried_through(
    store: MongoStore, database: Database[dict[str, Any]], finish: Callable[[MongoStore], object]
) -> None:
    marked(store, database)

    hidden = (store.user(ALICE), store.count_posts(ALICE), store.latest_mood(ALICE))
    claim = store.claim(None, owner="worker", now=LATER, until=LATER)
    finish(store)

    assert (hidden, claim) == ((None, 0, None), None)
    assert [database[name].count_documents({}) for name in OF_A_USER] == [0, 0, 0, 0]
    assert database.tombstones.count_documents({}) == 1


def test_what_a_late_write_left_of_someone_erased_is_purged_by_the_sweep(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    known(store)
    user = database.users.find_one({"_id": ALICE})
    assert user is not None
    store.erase_user(ALICE, NOW)
    (chunk,) = imports.chunks_of([a_post(1)])
    late = {"user_key": user["key"], "posts": chunk, "saved_at": NOW}
    imports.carry_forward(database, late, 1)

    store.sweep(NOW + timedelta(minutes=30))
    soon = database.posts.count_documents({})
    store.sweep(NOW + timedelta(hours=2))

    assert (soon, database.posts.count_documents({})) == (1, 0)
    assert database.tombstones.find_one({}, {"_id": 0}) == {"erased_at": NOW.timestamp() * 1e6}


def test_a_tombstone_does_not_say_who(
    store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    known(store)

    store.erase_user(ALICE, LATER)

    (tombstone,) = database.tombstones.find()
    assert ALICE not in str(tombstone)


EVIL: list[Any] = [{"$gt": ""}, {"$ne": None}, {"$regex": ".*"}, "$user_name", "{'$gt': ''}"]


@pytest.mark.parametrize("evil", EVIL, ids=str)
def test_no_value_is_run_as_an_operator(store: MongoStore, evil: Any) -> None:
    with_posts(store, 1)
    store.set_matchable(ALICE, True)
    lease = claimed(store, "of-bob", "bob")
    finished(store, "done", hashtags=("music",))

    assert store.user(evil) is None
    assert store.count_posts(evil) == 0
    assert store.unclassified_posts(evil, evil, max_posts=1, limit=1) == []
    assert store.latest_mood(evil) is None
    assert store.analysis(evil) is None
    assert store.claim(evil, owner="w", now=LATER, until=LATER) is None
    assert store.catalogue(evil) == []
    assert store.friend_candidates("bob", evil, ["music"], limit=9) == []
    assert store.friend_candidates("bob", "Cheerful", [str(evil)], limit=9)[0].user_id == ALICE
    assert store.classified_posts(ALICE, evil, max_posts=None) == []
    for write in (
        lambda: store.set_consent(evil, NOW),
        lambda: store.save_posts(evil, [a_post(1)], NOW),
        lambda: store.export_user(evil),
        lambda: store.add_feedback(evil, "Cheerful", NOW),
        lambda: store.create_analysis(an_analysis("x", evil), idempotency_key=evil),
    ):
        with pytest.raises(NotFoundError):
            write()
    store.erase_user(evil, NOW)
    store.save_classifications(lease, MODEL, [(evil, a_classification())])

    assert store.user(ALICE) is not None
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 1


def test_what_is_not_of_the_declared_form_is_refused_by_the_database(store: MongoStore) -> None:
    with pytest.raises(MoodlineError):
        store.ensure_user({"$gt": ""}, "x", NOW)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailableError):
        store.ensure_user("bob", {"name": "x"}, NOW)  # type: ignore[arg-type]

    assert store.user("bob") is None


def test_posts_expire_by_the_servers_own_clock_too(
    database: Database[dict[str, Any]], store: MongoStore
) -> None:
    seconds = {
        index.name: database[collection.name].index_information()[index.name]["expireAfterSeconds"]
        for collection in COLLECTIONS
        for index in collection.indexes
        if index.kept_as is not None
    }

    assert seconds.keys() == {
        "posts_saved", "imports_saved", "analyses_ended", "feedback_given",
    }  # fmt: skip
    assert set(seconds.values()) == {20_000 * 24 * 3600}


def test_opening_again_changes_nothing(
    mongo_url: str, store: MongoStore, database: Database[dict[str, Any]]
) -> None:
    known(store)
    salt = database.facts.find_one({"_id": "tombstone_salt"})

    again = MongoStore(mongo_url, retention=FOR_EVER)

    assert again.user(ALICE) == store.user(ALICE)
    assert database.facts.find_one({"_id": "tombstone_salt"}) == salt
    again.close()


@pytest.fixture
def other(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    """Give a database that no store was opened on."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        name = f"{client.get_default_database().name}_other"
        yield client[name]
        client.drop_database(name)


def test_migrations_run_in_order_from_where_the_database_stands(
    other: Database[dict[str, Any]],
) -> None:
    ran: list[str] = []
    more = (*MIGRATIONS, lambda _: ran.append("second"), lambda _: ran.append("third"))
    prepare(other, "there", Retention(), more[:2])

    prepare(other, "there", Retention(), more)
    prepare(other, "there", Retention(), more)

    assert ran == ["second", "third"]
    assert other.facts.find_one({"_id": "schema"}) == {"_id": "schema", "value": 3}


def test_a_store_of_a_newer_version_is_refused(other: Database[dict[str, Any]]) -> None:
    prepare(other, "there", Retention())
    other.facts.update_one({"_id": "schema"}, {"$set": {"value": 99}})

    with pytest.raises(StoreUnavailableError, match=r"newer version \(its schema is 99"):
        prepare(other, "there", Retention())


def test_the_database_of_another_program_is_refused_and_not_touched(
    other: Database[dict[str, Any]],
) -> None:
    other.users.insert_one({"theirs": 1})

    with pytest.raises(StoreUnavailableError, match="another program"):
        prepare(other, "there", Retention())

    assert other.list_collection_names() == ["users"]


def test_a_forked_process_goes_on_with_a_client_of_its_own(store: MongoStore) -> None:
    known(store)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()

    def use_what_was_inherited() -> None:
        user = store.user(ALICE)
        answers.put(user is not None and user.user_name)
        store.close()

    child = fork.Process(target=use_what_was_inherited)
    child.start()
    child.join(60)

    assert (child.exitcode, answers.get()) == (0, "Alice")
    assert store.user(ALICE) is not None


def test_a_closed_store_says_so(mongo_url: str) -> None:
    store = MongoStore(mongo_url, retention=FOR_EVER)
    store.close()

    with pytest.raises(StoreUnavailableError, match="is closed"):
        store.ping()


def test_times_are_kept_to_the_microsecond(store: MongoStore) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

    store.ensure_user(ALICE, "Alice", at)

    user = store.user(ALICE)
    assert user is not None
    assert user.created_at == at
