"""Keep how far accounts at sources were fetched, and the sealed sign-ins of users there.

Each is one document whose _id says what it is of, under the user's key.
"""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from api.domain.analyses import Lease
from api.errors import NotFoundError
from api.stores.mongo.connections import Connections
from api.stores.mongo.erasure import is_alive
from api.stores.mongo.leases import analysis_held, lost
from api.stores.mongo.queries import ALIVE, equal

Document = dict[str, Any]


class SourcePart:
    """Be the part of the store that knows sources; api.ports.store says what its methods do."""

    _connections: Connections

    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        """Return the id of the newest post up to which an account was fetched, or None."""
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            found = database.source_marks.find_one(equal(id=f"{user_key} {source} {account}"))
        return None if found is None else str(found["post_id"])

    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        """Record up to which post an account was fetched, or forget it."""
        with self._connections.using() as database:
            held = analysis_held(database, lease)
            name = equal(id=f"{held['user_key']} {source} {account}")
            if post_id is None:
                database.source_marks.delete_one(name)
                return
            mark = {"source": source, "account": account, "post_id": post_id}
            _put(database, "source_marks", name, held["user_key"], mark)
            if not is_alive(database, held["user_id"], held["user_key"]):
                database.source_marks.delete_one(name)
                raise lost(lease)

    def sign_in(self, user_id: str, source: str) -> str | None:
        """Return the user's sealed sign-in at a source, or None."""
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            found = database.sign_ins.find_one(equal(id=f"{user_key} {source}"))
        return None if found is None else str(found["sealed"])

    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        """Keep a sealed sign-in, or remove it. Raises NotFoundError."""
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            if user_key is None:
                raise NotFoundError(f"there is no user {user_id!r}")
            name = equal(id=f"{user_key} {source}")
            if sealed is None:
                database.sign_ins.delete_one(name)
                return
            _put(database, "sign_ins", name, user_key, {"source": source, "sealed": sealed})
            if not is_alive(database, user_id, user_key):
                database.sign_ins.delete_one(name)
                raise NotFoundError(f"user {user_id!r} was erased meanwhile")


def _put(
    database: Database[Document], collection: str, name: Document, user_key: str, values: Document
) -> None:
    database[collection].update_one(name, {"$set": {"user_key": user_key, **values}}, upsert=True)


def _key_of(database: Database[Document], user_id: str) -> str | None:
    found = database.users.find_one({**equal(id=user_id), **ALIVE}, {"key": 1})
    return None if found is None else str(found["key"])
