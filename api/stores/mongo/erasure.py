"""Erase a user: decided by a mark on the user, then carried through."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from pymongo.database import Database

from api.stores.mongo.migrations import fact
from api.stores.mongo.queries import ALIVE, equal
from api.stores.mongo.schema import OF_A_USER

Document = dict[str, Any]


def is_alive(database: Database[Document], user_id: str, user_key: str) -> bool:
    """Tell whether the user of that key is still there."""
    found = database.users.find_one({**equal(id=user_id, key=user_key), **ALIVE}, {"_id": 1})
    return found is not None


def purge(database: Database[Document], user_key: str) -> None:
    """Delete all documents that are kept under a key."""
    for name in OF_A_USER:
        database[name].delete_many(equal(user_key=user_key))


def finish_erasing(database: Database[Document], user: Mapping[str, Any]) -> None:
    """Carry through the erasure of a user who bears the mark; may be done twice.

    The tombstone keeps the key, which means nothing any more, so that the sweep can purge once
    more what a write that was under way left behind.
    """
    database.tombstones.update_one(
        equal(id=_user_hash(database, user["_id"])),
        {"$set": {"erased_at": user["erased_at"]}, "$addToSet": {"keys": user["key"]}},
        upsert=True,
    )
    purge(database, user["key"])
    database.users.delete_one(equal(id=user["_id"], key=user["key"]))


def _user_hash(database: Database[Document], user_id: str) -> str:
    """Return what a tombstone keeps in place of the name.

    A keyed hash: the store shows no list of who left, yet whoever restores a backup can ask of
    each user in it whether they were erased since. User names are few enough to try them all, so
    for whoever has the database this is a pseudonym, not anonymity.
    """
    salt = bytes(fact(database, "tombstone_salt"))
    return hmac.digest(salt, user_id.encode(), "sha256").hex()
