"""Every query of the MongoDB store is served by an index that it declares."""

from datetime import UTC, datetime, timedelta

import pytest

from api.stores.mongo import MongoStore
from api.stores.mongo.schema import COLLECTIONS, SHARD_KEYS, Index
from tests.contract.stores.every_call import use_everything
from tests.contract.stores.mongo_shapes import Recorder, Shape, branches, by_id, serves
from tests.contract.stores.stores import FOR_EVER

INDEXES = {collection.name: collection.indexes for collection in COLLECTIONS}


def walked_on_purpose(shape: Shape) -> bool:
    """Return whether it is one of the operator's commands, which go through all users by id."""
    return shape.sort == (("_id", 1),) and shape.collection in ("users", "tombstones", "sign_ins")


@pytest.mark.integration
def test_every_query_is_served_by_an_index_and_those_of_posts_go_to_the_shard_of_one_user(
    mongo_url: str,
) -> None:
    # A migration reads whole collections, once; opening a database that is up to date does not.
    MongoStore(mongo_url, retention=FOR_EVER).close()
    recorder = Recorder()
    store = MongoStore(mongo_url, retention=FOR_EVER, listeners=[recorder])

    use_everything(store, sweep_at=datetime.now(UTC) + timedelta(days=1))

    store.close()
    unserved = [
        shape
        for shape in recorder.shapes
        if not by_id(shape)
        and not walked_on_purpose(shape)
        and not all(
            any(serves(index, one) for index in INDEXES[shape.collection])
            for one in branches(shape)
        )
    ]
    assert len(recorder.shapes) > 60
    assert unserved == []
    of_posts = [shape.filter for shape in recorder.shapes if shape.collection == "posts"]
    first, _ = SHARD_KEYS["posts"][0]
    assert [one for one in of_posts if first not in one and "saved_at" not in one] == []


THREE = Index("i", (("a", 1), ("b", -1), ("c", 1)))
PAIR = (("a", 1), ("b", 1))
PARTIAL = Index("i", (("a", 1),), partial={"on": True})
ONE_OF_A_PAIR = {"a": {"$eq": 1}, "b": {"$eq": 1}, "other": {"$lt": 1}}


@pytest.mark.parametrize(
    ("index", "query", "sort", "served"),
    [
        (THREE, {"a": {"$eq": 1}}, (), True),
        (THREE, {"a": {"$eq": 1}, "b": {"$gt": 1}}, (), True),
        (THREE, {"a": {"$in": [1]}}, (("b", -1),), True),
        (THREE, {"a": {"$eq": 1}}, (("b", 1),), True),
        (THREE, {"a": {"$gt": 1}}, (), True),
        (THREE, {"b": {"$eq": 1}}, (), False),
        (THREE, {"a": {"$eq": 1}}, (("c", 1),), False),
        (THREE, {"a": {"$gt": 1}}, (("b", -1),), False),
        (THREE, {"a": {"$eq": 1}, "other": {"$eq": 1}}, (), False),
        (THREE, {}, (), False),
        # A unique index finds one document, whatever else is asked of it.
        (Index("i", PAIR, unique=True), ONE_OF_A_PAIR, (), True),
        (Index("i", PAIR, unique=False), ONE_OF_A_PAIR, (), False),
        (PARTIAL, {"a": {"$eq": 1}, "on": {"$eq": True}}, (), True),
        (PARTIAL, {"a": {"$eq": 1}}, (), False),
        (PARTIAL, {"a": {"$eq": 1}, "on": {"$eq": False}}, (), False),
    ],
)
def test_an_index_serves_what_starts_with_its_keys_and_asks_for_its_part(
    index: Index, query: dict[str, object], sort: tuple[tuple[str, int], ...], served: bool
) -> None:
    assert serves(index, Shape("any", query, sort)) == served
