"""Users and their consent, and the erasure of a user.

An erasure is decided by a mark on the user, who is unknown from then on; then it is carried out.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from pymongo.errors import DuplicateKeyError

from api.errors import NotFoundError
from api.ports.store import Erasure, ReplayedErasures, UserRecord
from api.stores.erasure_log import ErasureLog
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, equal
from api.stores.mongo.migrations import fact
from api.stores.mongo.schema import OF_A_USER
from api.stores.shared_rules import erasure_of, newest_erasures, user_hash
from api.stores.values import optional_stored_time, read_user, stored_time, time_of

_CONSENTS_KEPT = 1_000  # the newest; more would let a caller grow the document without limit


class UserPart(StorePart):
    """Users and consent; api.ports.store documents the methods."""

    _erasure_log: ErasureLog | None = None

    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        with self._connections.using() as database:
            found = known_or_created(database, user_id, user_name, at, key=uuid.uuid4().hex)
        return read_user(user_id, found)

    def user(self, user_id: str) -> UserRecord | None:
        with self._connections.using() as database:
            found = database.users.find_one({**equal(id=user_id), **ALIVE})
        return None if found is None else read_user(user_id, found)

    def set_consent(
        self,
        user_id: str,
        at: datetime | None,
        *,
        words: str | None = None,
        training: bool = False,
    ) -> None:
        consented_at = optional_stored_time(at)
        consent = {"at": consented_at, "words": words, "training": training}
        history = {"$each": [consent], "$slice": -_CONSENTS_KEPT}
        now = {"consented_at": consented_at, "training": training}
        self._change(user_id, {"$set": now, "$push": {"consents": history}})

    def set_matchable(self, user_id: str, matchable: bool) -> None:
        self._change(user_id, {"$set": {"matchable": matchable}})

    def _change(self, user_id: str, change: Document) -> None:
        with self._connections.using() as database:
            changed = database.users.update_one({**equal(id=user_id), **ALIVE}, change)
        if not changed.matched_count:
            raise NotFoundError(f"there is no user {user_id!r}")

    def erase_user(self, user_id: str, at: datetime) -> bool:
        """Mark the user as erased, then delete their documents and leave a tombstone.

        When MongoDB overwrites deleted documents in its files, it does not say.
        """
        with self._connections.using() as database:
            if self._erasure_log is not None and _known(database, user_id):
                salt = _salt(database)
                self._erasure_log.append(erasure_of(salt, user_hash(salt, user_id), at))
            # From this write on the user is unknown and not recommended to others.
            database.users.update_one(
                {**equal(id=user_id), **ALIVE},
                {"$set": {"erased_at": stored_time(at), "matchable": False}},
            )
            marked = database.users.find_one(equal(id=user_id))
            if marked is not None and "erased_at" in marked:
                finish_erasure(database, marked)
        return True

    def erasures(self) -> list[Erasure]:
        with self._connections.using() as database:
            salt = _salt(database)
            found = [
                erasure_of(salt, bytes.fromhex(one["_id"]), time_of(one["erased_at"]))
                for one in database.tombstones.find().sort("_id", 1)
            ]
        return sorted(found, key=attrgetter("at"))

    def replay_erasures(self, erasures: Collection[Erasure]) -> ReplayedErasures:
        with self._connections.using() as database:
            salt = _salt(database)
            newest, others = newest_erasures(salt, erasures)
            users = list(database.users.find(ALIVE, {"created_at": 1}).sort("_id", 1))
        erased = 0
        for user in users:
            at = newest.get(user_hash(salt, user["_id"]))
            if at is not None and time_of(user["created_at"]) <= at:
                self.erase_user(user["_id"], at)
                erased += 1
        with self._connections.using() as database:
            for hashed, at in newest.items():
                later = {"$max": {"erased_at": stored_time(at)}}
                database.tombstones.update_one(equal(id=hashed.hex()), later, upsert=True)
        return ReplayedErasures(erased, others)

    def users_with_mood(self, *, after: str | None, limit: int) -> list[str]:
        wanted = {"_id": {"$gt": after or ""}, "mood_at": {"$exists": True}, **ALIVE}
        with self._connections.using() as database:
            found = database.users.find(wanted, {"_id": 1}).sort("_id", 1).limit(limit)
            return [user["_id"] for user in found]

    def erasure_pending(self, user_id: str) -> bool:
        marked = {**equal(id=user_id), "erased_at": {"$exists": True}}
        with self._connections.using() as database:
            return database.users.find_one(marked) is not None

    def finish_erasures(self) -> bool:
        """Carry out the erasures that a process left unfinished when it died."""
        with self._connections.using() as database:
            finish_all_erasures(database)
        return True


def known_or_created(
    database: MongoDatabase, user_id: str, user_name: str, at: datetime, *, key: str
) -> Document:
    """Return the user, created with that key if unknown."""
    new = {
        "_id": user_id,
        "key": key,
        "user_name": user_name,
        "created_at": stored_time(at),
        "consented_at": None,
        "consents": [],
        "matchable": False,
        "hashtags": [],
        "imports": 0,
    }
    while True:
        known: Document | None = database.users.find_one(equal(id=user_id))
        if known is not None and "erased_at" not in known:
            return known
        if known is not None:
            finish_erasure(database, known)
        try:
            database.users.insert_one(new)
        except DuplicateKeyError:
            continue  # another was faster
        return new


def _known(database: MongoDatabase, user_id: str) -> bool:
    return database.users.find_one({**equal(id=user_id), **ALIVE}, {"_id": 1}) is not None


def _salt(database: MongoDatabase) -> bytes:
    return bytes(fact(database, "tombstone_salt"))


def user_exists(database: MongoDatabase, user_id: str, user_key: str) -> bool:
    """Return whether the user with that key still exists."""
    found = database.users.find_one({**equal(id=user_id, key=user_key), **ALIVE}, {"_id": 1})
    return found is not None


def agreed_to_training(user: Mapping[str, Any]) -> bool:
    """Return whether a user's consent to training is on record."""
    return user["consented_at"] is not None and user.get("training", False)


def purge(database: MongoDatabase, user_key: str) -> None:
    """Delete all documents with a user's key."""
    for name in OF_A_USER:
        database[name].delete_many(equal(user_key=user_key))


def finish_erasure(database: MongoDatabase, user: Mapping[str, Any]) -> None:
    """Erase a user who is marked as erased; idempotent.

    The tombstone stores the key, which has no meaning any more, so that the retention sweep can
    purge it again: a write that was under way may have left documents behind.
    """
    database.tombstones.update_one(
        equal(id=user_hash(_salt(database), user["_id"]).hex()),
        {"$set": {"erased_at": user["erased_at"]}, "$addToSet": {"keys": user["key"]}},
        upsert=True,
    )
    purge(database, user["key"])
    database.users.delete_one(equal(id=user["_id"], key=user["key"]))


def finish_all_erasures(database: MongoDatabase) -> None:
    """Erase every user who is marked as erased."""
    for user in database.users.find({"erased_at": {"$exists": True}}):
        finish_erasure(database, user)
