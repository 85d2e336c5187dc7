"""Every query of the MongoDB store is served by an index that it declares."""

from datetime import UTC, datetime, timedelta

import pytest

from api.domain.analyses import Problem
from api.domain.api_keys import ApiKey
from api.domain.recommendations import CatalogueItem
from api.stores.mongo import MongoStore
from api.stores.mongo.schema import COLLECTIONS, SHARD_KEYS, Index
from tests.contract.stores.mongo_shapes import Recorder, Shape, by_id, serves
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    PROGRESS,
    a_classification,
    a_post,
    an_analysis,
    taken,
)
from tests.contract.stores.stores import FOR_EVER

INDEXES = {collection.name: collection.indexes for collection in COLLECTIONS}


def use_everything(store: MongoStore) -> None:
    """Call every method, with each of its shapes."""
    store.ensure_user(ALICE, "Alice", NOW)
    store.set_consent(ALICE, NOW)
    store.set_matchable(ALICE, True)
    for text in ("first", "edited"):
        store.save_posts(ALICE, [a_post(1, text=text), a_post(2)], NOW)
    for name in ("failed", "finished"):
        for _ in range(2):  # made, then found by its key
            store.create_analysis(an_analysis(name), idempotency_key=name)
        store.release(taken(store, name))
        lease = store.renew(taken(store, None), until=LATER, progress=PROGRESS)
        store.save_classifications(lease, MODEL, [("1", a_classification())])
        store.set_source_mark(lease, "x", "alice", "1")
        store.defer(lease, NOW - timedelta(days=1))
        lease = taken(store, name)
        if name == "failed":
            store.fail(lease, at=NOW, progress=PROGRESS, problem=Problem("a", "b", "c"))
    store.finish(lease, at=NOW, progress=PROGRESS, mood="Cheerful", result={}, hashtags=["a"])
    for max_posts in (None, 1):
        store.unclassified_posts(ALICE, MODEL, max_posts=max_posts, limit=9)
        store.count_unclassified(ALICE, MODEL, max_posts=max_posts)
        store.classified_posts(ALICE, MODEL, max_posts=max_posts)
    store.latest_classified_posts(ALICE)
    store.count_posts(ALICE)
    store.source_mark(ALICE, "x", "alice")
    store.set_sign_in(ALICE, "x", "sealed")
    store.sign_in(ALICE, "x")
    store.cancel("finished", NOW)
    store.add_key(ApiKey("p", "name", b"", frozenset(), frozenset(), NOW))
    store.key("p")
    store.all_keys()
    store.note_use("p", NOW)
    store.remove_key("p")
    store.latest_mood(ALICE)
    store.interests(ALICE)
    store.replace_catalogue([CatalogueItem("Stressed", "account", "a", "")])
    store.catalogue("Stressed")
    store.friend_candidates("bob", "Cheerful", ["music"], limit=3)
    store.add_feedback("finished", "Stressed", NOW)
    store.export_user(ALICE)
    store.analysis("finished")
    store.erase_user(ALICE, NOW)
    store.sweep(datetime.now(UTC) + timedelta(days=1))
    store.ping()


@pytest.mark.integration
def test_every_query_is_served_by_a_declared_index(mongo_url: str) -> None:
    recorder = Recorder()
    store = MongoStore(mongo_url, retention=FOR_EVER, listeners=[recorder])

    use_everything(store)

    store.close()
    unserved = [
        shape
        for shape in recorder.shapes
        if not by_id(shape) and not any(serves(one, shape) for one in INDEXES[shape.collection])
    ]
    assert len(recorder.shapes) > 60
    assert unserved == []


@pytest.mark.integration
def test_every_query_of_posts_goes_to_the_shard_of_one_user(mongo_url: str) -> None:
    recorder = Recorder()
    store = MongoStore(mongo_url, retention=FOR_EVER, listeners=[recorder])

    use_everything(store)

    store.close()
    of_posts = [shape.filter for shape in recorder.shapes if shape.collection == "posts"]
    first, _ = SHARD_KEYS["posts"][0]
    assert [one for one in of_posts if first not in one and "saved_at" not in one] == []


@pytest.mark.parametrize(
    ("query", "sort", "served"),
    [
        ({"a": {"$eq": 1}}, (), True),
        ({"a": {"$eq": 1}, "b": {"$gt": 1}}, (), True),
        ({"a": {"$in": [1]}}, (("b", -1),), True),
        ({"a": {"$eq": 1}}, (("b", 1),), True),
        ({"a": {"$gt": 1}}, (), True),
        ({"b": {"$eq": 1}}, (), False),
        ({"a": {"$eq": 1}}, (("c", 1),), False),
        ({"a": {"$gt": 1}}, (("b", -1),), False),
        ({"a": {"$eq": 1}, "other": {"$eq": 1}}, (), False),
        ({}, (), False),
    ],
)
def test_an_index_serves_what_starts_with_its_keys(
    query: dict[str, object], sort: tuple[tuple[str, int], ...], served: bool
) -> None:
    index = Index("i", (("a", 1), ("b", -1), ("c", 1)))

    assert serves(index, Shape("any", query, sort)) == served


def test_a_unique_index_serves_whatever_else_is_asked_of_its_one_document() -> None:
    keys = (("a", 1), ("b", 1))
    query = {"a": {"$eq": 1}, "b": {"$eq": 1}, "other": {"$lt": 1}}

    served = [
        serves(Index("i", keys, unique=unique), Shape("any", query)) for unique in (True, False)
    ]

    assert served == [True, False]


@pytest.mark.parametrize(
    ("query", "served"),
    [
        ({"a": {"$eq": 1}, "on": {"$eq": True}}, True),
        ({"a": {"$eq": 1}}, False),
        ({"a": {"$eq": 1}, "on": {"$eq": False}}, False),
    ],
)
def test_a_partial_index_serves_what_asks_for_its_part_alone(
    query: dict[str, object], served: bool
) -> None:
    index = Index("i", (("a", 1),), partial={"on": True})

    assert serves(index, Shape("any", query)) == served
