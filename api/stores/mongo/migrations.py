"""Bring a database to the newest layout, from whichever version it has.

The version is the fact `schema`: how many of MIGRATIONS the database has had. Collections,
validators and indexes are declared anew at each start, which changes nothing where they are so
already; a migration is for what documents themselves must become. Every step may run twice, as
processes that start together run it together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from api.errors import StoreUnavailableError
from api.ports.store import Retention
from api.stores.mongo.declarations import Collection
from api.stores.mongo.queries import equal
from api.stores.mongo.schema import COLLECTIONS, FACTS

Document = dict[str, Any]
Migration = Callable[[Database[Document]], None]

LONGEST_EXPIRY = 2**31 - 1
"""The most seconds that MongoDB takes for expireAfterSeconds."""


def first_layout(database: Database[Document]) -> None:
    """Give the database the salt under which tombstones hide who left."""
    put_fact(database, "tombstone_salt", os.urandom(32))


def fetch_places(_: Database[Document]) -> None:
    """Change nothing: analyses may hold a place from here on, which older versions cannot read."""


MIGRATIONS: tuple[Migration, ...] = (first_layout, fetch_places)
"""Hold the steps that lead from each version to the next; a released one is final."""


def prepare(
    database: Database[Document],
    where: str,
    retention: Retention,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Declare what the store needs and run the migrations that the database has not had.

    Raises StoreUnavailableError where the database is another program's or a newer version's.
    """
    version = _version(database, where)
    if version > len(migrations):
        raise StoreUnavailableError(
            f"the store {where} was written by a newer version (its schema is {version}, this "
            f"version knows {len(migrations)}): start the newer version, or restore a backup"
        )
    known = _options(database)
    for collection in COLLECTIONS:
        declare(database, collection, retention, known)
    for number in range(version, len(migrations)):
        migrations[number](database)
        database.facts.update_one(equal(id="schema", value=number), {"$set": {"value": number + 1}})


def declare(
    database: Database[Document],
    collection: Collection,
    retention: Retention,
    known: Mapping[str, Mapping[str, Any]],
) -> None:
    """Make a collection, its validator and its indexes what they are declared to be.

    known holds the options of the collections that there are, by name.
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
        seconds = expiry(retention, index.kept_as)
        if index.name not in indexes:
            missing.append(index.model(seconds))
        elif indexes[index.name].get("expireAfterSeconds") != seconds:
            change = {"name": index.name, "expireAfterSeconds": seconds}
            database.command("collMod", name, index=change)
    if missing:
        database[name].create_indexes(missing)


def _create(database: Database[Document], name: str, validator: Mapping[str, Any]) -> None:
    try:
        database.create_collection(name, validator=validator, check_exists=False)
    except OperationFailure:
        if name not in database.list_collection_names():  # else another process was faster
            raise


def expiry(retention: Retention, kept_as: str | None) -> int | None:
    """Return the seconds after which documents of an index expire, None where they do not."""
    if kept_as is None:
        return None
    return min(int(getattr(retention, kept_as).total_seconds()), LONGEST_EXPIRY)


def put_fact(database: Database[Document], name: str, value: int | bytes) -> bool:
    """Keep a fact that is not known yet; tell whether it was this call that did."""
    try:
        database.facts.insert_one({"_id": name, "value": value})
    except DuplicateKeyError:
        return False
    return True


def fact(database: Database[Document], name: str) -> Any:
    """Return a fact; there has to be one."""
    found = database.facts.find_one(equal(id=name))
    assert found is not None, name  # noqa: S101  put there by prepare()
    return found["value"]


def _version(database: Database[Document], where: str) -> int:
    known = _options(database)
    ours = sorted(known.keys() & {collection.name for collection in COLLECTIONS})
    if ours and FACTS.name not in known:
        raise StoreUnavailableError(
            f"{where} is not a store: it holds the {ours[0]} of another program; name another "
            "database"
        )
    if FACTS.name not in known:
        declare(database, FACTS, Retention(), known)
    put_fact(database, "schema", 0)
    return int(fact(database, "schema"))


def _options(database: Database[Document]) -> dict[str, Mapping[str, Any]]:
    return {one["name"]: one.get("options", {}) for one in database.list_collections()}
