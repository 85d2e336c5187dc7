"""Keep users and their consent, and erase everything held about one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from api.errors import NotFoundError
from api.ports.store import UserRecord
from api.stores.mongo.connections import Connections
from api.stores.mongo.documents import user_of
from api.stores.mongo.erasure import finish_erasing
from api.stores.mongo.held import held_about
from api.stores.mongo.imports import settled
from api.stores.mongo.queries import ALIVE, equal
from api.stores.values import optional_stored_time, stored_time

Document = dict[str, Any]

_CONSENTS_KEPT = 1_000  # the newest, so that nobody can grow a document without end


class UserPart:
    """Be the part of the store that knows users; api.ports.store says what its methods do."""

    _connections: Connections

    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        """Return the user, created where unknown."""
        new = {
            "_id": user_id,
            "key": uuid.uuid4().hex,
            "user_name": user_name,
            "created_at": stored_time(at),
            "consented_at": None,
            "consents": [],
            "matchable": False,
            "hashtags": [],
            "imports": 0,
        }
        with self._connections.using() as database:
            while True:
                known = database.users.find_one(equal(id=user_id))
                if known is not None and "erased_at" not in known:
                    return user_of(known)
                if known is not None:
                    finish_erasing(database, known)
                try:
                    database.users.insert_one(new)
                except DuplicateKeyError:
                    continue  # another was faster
                return user_of(new)

    def user(self, user_id: str) -> UserRecord | None:
        """Return the user, or None."""
        with self._connections.using() as database:
            found = database.users.find_one({**equal(id=user_id), **ALIVE})
        return None if found is None else user_of(found)

    def set_consent(self, user_id: str, at: datetime | None, *, words: str | None = None) -> None:
        """Record consent, or that it was withdrawn, and add to its history."""
        consented_at = optional_stored_time(at)
        history = {"$each": [{"at": consented_at, "words": words}], "$slice": -_CONSENTS_KEPT}
        self._change(
            user_id, {"$set": {"consented_at": consented_at}, "$push": {"consents": history}}
        )

    def set_matchable(self, user_id: str, matchable: bool) -> None:
        """Record whether the user may be recommended to others."""
        self._change(user_id, {"$set": {"matchable": matchable}})

    def _change(self, user_id: str, change: Document) -> None:
        with self._connections.using() as database:
            changed = database.users.update_one({**equal(id=user_id), **ALIVE}, change)
        if not changed.matched_count:
            raise NotFoundError(f"there is no user {user_id!r}")

    def erase_user(self, user_id: str, at: datetime) -> None:
        """Delete the user with all that is kept under their key, and leave a tombstone."""
        with self._connections.using() as database:
            # From this write on the user is unknown, and nobody is recommended them.
            database.users.update_one(
                {**equal(id=user_id), **ALIVE},
                {"$set": {"erased_at": stored_time(at), "matchable": False}},
            )
            marked = database.users.find_one(equal(id=user_id))
            if marked is not None and "erased_at" in marked:
                finish_erasing(database, marked)

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        """Return everything held about the user as JSON values."""
        with self._connections.using() as database:
            return held_about(database, user_known(database, user_id))


def user_known(database: Database[Document], user_id: str) -> Document:
    """Return the user, with an import that was decided carried forward. Raises NotFoundError."""
    found = settled(database, user_id)
    if found is None:
        raise NotFoundError(f"there is no user {user_id!r}")
    return found
