"""Migration of a database from any earlier version to the newest schema.

The version is the fact `schema`: the number of MIGRATIONS applied. Collections, validators and
indexes are declared at each start, which changes nothing if they are up to date; migrations are for
the documents themselves. Every step is idempotent, as processes may start together.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pymongo.errors import DuplicateKeyError, OperationFailure

from api.errors import StoreUnavailableError
from api.stores.mongo.connections import MongoDatabase
from api.stores.mongo.documents import equal
from api.stores.mongo.schema import COLLECTIONS, FACTS, Collection
from api.stores.shared_rules import check_version

Migration = Callable[[MongoDatabase], None]


def first_layout(database: MongoDatabase) -> None:
    """Create the salt of the hashes in tombstones."""
    put_fact(database, "tombstone_salt", os.urandom(32))


def fetch_places(_: MongoDatabase) -> None:
    """Change nothing: from here on analyses may have a place, which older versions cannot read."""


def detected_languages(_: MongoDatabase) -> None:
    """Change nothing: classifications now have a language, which older versions cannot read."""


def same_posts(_: MongoDatabase) -> None:
    """Change nothing: from here on imports say what gives way, which older versions do not read."""


def no_expiry(_: MongoDatabase) -> None:
    """Change nothing: indexes no longer expire documents, which older versions would make again."""


def idempotency_keys(database: MongoDatabase) -> None:
    """Make a list of the key of each analysis, which from here on may have several."""
    for analysis in database.analyses.find({"idempotency_key": {"$exists": True}}):
        key = analysis["idempotency_key"]
        database.analyses.update_one(
            equal(id=analysis["_id"]),
            {"$addToSet": {"idempotency_keys": key}, "$unset": {"idempotency_key": ""}},
        )
    if "analyses_idempotency" in database.analyses.index_information():
        database.analyses.drop_index("analyses_idempotency")


def stage_seconds(_: MongoDatabase) -> None:
    """Change nothing: progress now has the seconds of stages, which older versions cannot read."""


def corrections(_: MongoDatabase) -> None:
    """Change nothing: older versions would leave a post's correction to its next text."""


def browsing(database: MongoDatabase) -> None:
    """Drop the indexes that others with more fields have replaced."""
    for collection, index in (("posts", "posts_newest"), ("analyses", "analyses_newest")):
        if index in database[collection].index_information():
            database[collection].drop_index(index)


MIGRATIONS: tuple[Migration, ...] = (
    first_layout,
    fetch_places,
    detected_languages,
    same_posts,
    no_expiry,
    idempotency_keys,
    stage_seconds,
    corrections,
    browsing,
)
"""Steps that lead from each version to the next; a released one never changes."""


def prepare(
    database: MongoDatabase,
    where: str,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Declare collections and indexes and apply the missing migrations.

    Raises StoreUnavailableError if the database is of another program or a newer version.
    """
    version = _version(database, where)
    check_version(where, version, len(migrations))
    known = _options(database)
    for collection in COLLECTIONS:
        declare(database, collection, known)
    for number in range(version, len(migrations)):
        migrations[number](database)
        database.facts.update_one(equal(id="schema", value=number), {"$set": {"value": number + 1}})


def declare(
    database: MongoDatabase,
    collection: Collection,
    known: Mapping[str, Mapping[str, Any]],
) -> None:
    """Create or update a collection, its validator and its indexes.

    known are the options of the existing collections by name.
    """
    name, wanted = collection.name, {"$jsonSchema": collection.validator}
    indexes: Mapping[str, Any] = {}
    if name in known:
        indexes = database[name].index_information()
        if known[name].get("validator") != wanted:
            database.command("collMod", name, validator=wanted)
    else:
        _create(database, name, wanted)
    missing = []
    for index in collection.indexes:
        if "expireAfterSeconds" in indexes.get(index.name, ()):
            # Of an older version. MongoDB has no other way to end the expiry.
            with suppress(OperationFailure):  # another process may be faster
                database[name].drop_index(index.name)
            missing.append(index.model())
        elif index.name not in indexes:
            missing.append(index.model())
    if missing:
        database[name].create_indexes(missing)


def _create(database: MongoDatabase, name: str, validator: Mapping[str, Any]) -> None:
    try:
        database.create_collection(name, validator=validator, check_exists=False)
    except OperationFailure:
        if name not in database.list_collection_names():  # otherwise another process was faster
            raise


def put_fact(database: MongoDatabase, name: str, value: int | bytes) -> None:
    """Store a fact unless it exists."""
    with suppress(DuplicateKeyError):
        database.facts.insert_one({"_id": name, "value": value})


def fact(database: MongoDatabase, name: str) -> Any:
    """Return a fact that exists."""
    found = database.facts.find_one(equal(id=name))
    assert found is not None, name  # noqa: S101  put there by prepare()
    return found["value"]


def _version(database: MongoDatabase, where: str) -> int:
    known = _options(database)
    ours = sorted(known.keys() & {collection.name for collection in COLLECTIONS})
    if ours and FACTS.name not in known:
        raise StoreUnavailableError(
            f"{where} is not a store: it holds the {ours[0]} of another program; name another "
            "database"
        )
    if FACTS.name not in known:
        declare(database, FACTS, known)
    put_fact(database, "schema", 0)
    return int(fact(database, "schema"))


def _options(database: MongoDatabase) -> dict[str, Mapping[str, Any]]:
    return {one["name"]: one.get("options", {}) for one in database.list_collections()}
