"""What only the MongoDB store promises: no operators in values, expiry, versions, forks.

Interrupted writes: test_mongo_interrupted_writes.py. Its queries: test_mongo_indexes.py.
"""

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from api.errors import MoodlineError, NotFoundError, StoreUnavailableError
from api.stores.mongo import MongoStore
from api.stores.mongo.migrations import MIGRATIONS, idempotency_keys, prepare
from api.stores.mongo.schema import COLLECTIONS
from tests.contract.stores.mongo_shapes import Documents
from tests.contract.stores.store_examples import (
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
    with_posts,
)
from tests.contract.stores.stores import FOR_EVER

pytestmark = pytest.mark.integration


@pytest.fixture
def store(mongo_store: MongoStore) -> MongoStore:
    return mongo_store


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
        lambda: store.correct_post(evil, "1", "joy"),
        lambda: store.add_feedback(evil, "Cheerful", NOW),
        lambda: store.create_analysis(an_analysis("x", evil), idempotency_key=evil),
    ):
        with pytest.raises(NotFoundError):
            write()
    store.erase_user(evil, NOW)
    store.save_classifications(lease, MODEL, [(evil, a_classification())])

    assert store.user(ALICE) is not None
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 1


def test_a_hashtag_is_not_taken_for_the_name_of_a_field(store: MongoStore) -> None:
    for user_id, hashtags, at in (("two", ("$none", "music"), SOON), ("one", ("music",), LATER)):
        finished(store, f"of-{user_id}", user_id, at=at, hashtags=hashtags)
        store.set_matchable(user_id, True)

    found = store.friend_candidates("bob", "Cheerful", ["$none", "music"], limit=9)

    assert [friend.user_id for friend in found] == ["two", "one"]


def test_what_is_not_of_the_declared_form_is_refused_by_the_database(store: MongoStore) -> None:
    with pytest.raises(MoodlineError):
        store.ensure_user({"$gt": ""}, "x", NOW)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailableError):
        store.ensure_user("bob", {"name": "x"}, NOW)  # type: ignore[arg-type]

    assert store.user("bob") is None


def test_no_document_expires_by_the_clock_of_the_server(
    database: Documents, store: MongoStore
) -> None:
    indexes = [
        index
        for collection in COLLECTIONS
        for index in database[collection.name].index_information().values()
    ]

    assert len(indexes) > len(COLLECTIONS)
    assert [one for one in indexes if "expireAfterSeconds" in one] == []


def test_opening_again_changes_nothing(
    mongo_url: str, store: MongoStore, database: Documents
) -> None:
    known(store)
    salt = database.facts.find_one({"_id": "tombstone_salt"})

    again = MongoStore(mongo_url, retention=FOR_EVER)

    assert again.user(ALICE) == store.user(ALICE)
    assert database.facts.find_one({"_id": "tombstone_salt"}) == salt
    again.close()


@pytest.fixture
def other(mongo_url: str) -> Iterator[Documents]:
    """A database on which no store was opened."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        name = f"{client.get_default_database().name}_other"
        yield client[name]
        client.drop_database(name)


def test_migrations_run_in_order_from_where_the_database_stands(other: Documents) -> None:
    ran: list[str] = []
    more = (*MIGRATIONS, lambda _: ran.append("next"), lambda _: ran.append("last"))
    prepare(other, "there", more[:-1])

    prepare(other, "there", more)
    prepare(other, "there", more)

    assert ran == ["next", "last"]
    assert other.facts.find_one({"_id": "schema"}) == {"_id": "schema", "value": len(more)}


def test_idempotency_keys_of_an_older_version_become_lists(other: Documents) -> None:
    other.analyses.insert_many(
        [{"_id": "a", "user_key": "u", "idempotency_key": "key"}, {"_id": "b", "user_key": "u"}]
    )

    idempotency_keys(other)
    idempotency_keys(other)

    assert list(other.analyses.find().sort("_id")) == [
        {"_id": "a", "user_key": "u", "idempotency_keys": ["key"]},
        {"_id": "b", "user_key": "u"},
    ]


def test_a_store_of_a_newer_version_is_refused(other: Documents) -> None:
    prepare(other, "there")
    other.facts.update_one({"_id": "schema"}, {"$set": {"value": 99}})

    with pytest.raises(StoreUnavailableError, match=r"newer version \(its schema is 99"):
        prepare(other, "there")


def test_the_database_of_another_program_is_refused_and_not_touched(other: Documents) -> None:
    other.users.insert_one({"theirs": 1})

    with pytest.raises(StoreUnavailableError, match="another program"):
        prepare(other, "there")

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
