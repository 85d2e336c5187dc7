"""How declared collections are applied, without a server: the stand-in has no collMod."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import OperationFailure

from api.stores.mongo.migrations import declare
from api.stores.mongo.schema import COLLECTIONS, OF_A_USER, SHARD_KEYS, Collection, Index

THINGS = Collection("things", {"bsonType": "object"}, (Index("old", (("saved_at", 1),)),))
AS_DECLARED = {"validator": {"$jsonSchema": {"bsonType": "object"}}}


class Database:
    """A database that records commands; it is its own only collection."""

    def __init__(self, indexes: dict[str, Any] | None = None, exists: bool = False) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.indexes = indexes or {}
        self.exists = exists

    def __getitem__(self, name: str) -> Database:
        return self

    def command(self, *words: Any, **options: Any) -> None:
        self.told.append((*words, options))

    def create_collection(self, name: str, **options: Any) -> None:
        if self.exists:
            raise OperationFailure("exists already", 48)
        self.told.append(("create", name))

    def list_collection_names(self) -> list[str]:
        return ["things"] if self.exists else []

    def index_information(self) -> dict[str, Any]:
        return self.indexes

    def drop_index(self, name: str) -> None:
        self.told.append(("drop", name))

    def create_indexes(self, models: list[Any]) -> None:
        self.told.append(("index", *(model.document["name"] for model in models)))


def brought_about(database: Database, known: dict[str, Any]) -> list[tuple[Any, ...]]:
    declare(database, THINGS, known)  # type: ignore[arg-type]
    return database.told


UP_TO_DATE: dict[str, Any] = {"old": {}}
KNOWN = {"things": AS_DECLARED}


@pytest.mark.parametrize(
    ("database", "known", "told"),
    [
        (Database(), {}, [("create", "things"), ("index", "old")]),
        (Database(UP_TO_DATE), KNOWN, []),
        (
            Database({"old": {"expireAfterSeconds": 60}}),
            KNOWN,
            [("drop", "old"), ("index", "old")],
        ),
        (
            Database(UP_TO_DATE),
            {"things": {"validator": {}}},
            [("collMod", "things", AS_DECLARED)],
        ),
        (Database(exists=True), {}, [("index", "old")]),
    ],
    ids=[
        "what is missing is made",
        "what is as declared is left alone",
        "an index of an older version by which documents expire is replaced",
        "another validator is replaced",
        "a collection that another process made first is no error",
    ],
)
def test_a_collection_is_declared(
    database: Database, known: dict[str, Any], told: list[tuple[Any, ...]]
) -> None:
    assert brought_about(database, known) == told


def test_a_collection_that_cannot_be_made_is_an_error() -> None:
    class Refusing(Database):
        def create_collection(self, name: str, **options: Any) -> None:
            raise OperationFailure("not authorized", 13)

    with pytest.raises(OperationFailure):
        brought_about(Refusing(), {})


def test_the_shard_key_of_posts_is_their_unique_index() -> None:
    (posts,) = (one for one in COLLECTIONS if one.name == "posts")

    assert [index.keys for index in posts.indexes if index.unique] == [SHARD_KEYS["posts"]]


def test_what_is_kept_of_a_user_can_be_found_by_their_key() -> None:
    of_users = {
        one.name: {index.keys[0][0] for index in one.indexes if index.partial is None}
        for one in COLLECTIONS
        if "user_key" in one.validator["properties"]
    }

    assert of_users.keys() == set(OF_A_USER)
    assert all("user_key" in first_keys for first_keys in of_users.values())
