"""Source marks (up to which post an account was fetched) and sealed sign-ins at sources.

Each is one document whose _id consists of the user's key, the source and, of a mark, the account.
"""

from api.domain.analyses import Lease
from api.errors import NotFoundError
from api.stores.mongo.analyses import leased_analysis
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, equal
from api.stores.mongo.users import user_exists
from api.stores.queue_rules import lease_lost


class SourcePart(StorePart):
    """Source marks and sign-ins; api.ports.store documents the methods."""

    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            found = database.source_marks.find_one(equal(id=f"{user_key} {source} {account}"))
        return None if found is None else str(found["post_id"])

    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        with self._connections.using() as database:
            analysis = leased_analysis(database, lease)
            name = equal(id=f"{analysis['user_key']} {source} {account}")
            if post_id is None:
                database.source_marks.delete_one(name)
                return
            mark = {"source": source, "account": account, "post_id": post_id}
            _put(database, "source_marks", name, analysis["user_key"], mark)
            if not user_exists(database, analysis["user_id"], analysis["user_key"]):
                database.source_marks.delete_one(name)
                raise lease_lost(lease)

    def sign_in(self, user_id: str, source: str) -> str | None:
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            found = database.sign_ins.find_one(equal(id=f"{user_key} {source}"))
        return None if found is None else str(found["sealed"])

    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        with self._connections.using() as database:
            user_key = _key_of(database, user_id)
            if user_key is None:
                raise NotFoundError(f"there is no user {user_id!r}")
            name = equal(id=f"{user_key} {source}")
            if sealed is None:
                database.sign_ins.delete_one(name)
                return
            _put(database, "sign_ins", name, user_key, {"source": source, "sealed": sealed})
            if not user_exists(database, user_id, user_key):
                database.sign_ins.delete_one(name)
                raise NotFoundError(f"user {user_id!r} was erased meanwhile")


def _put(
    database: MongoDatabase, collection: str, name: Document, user_key: str, values: Document
) -> None:
    database[collection].update_one(name, {"$set": {"user_key": user_key, **values}}, upsert=True)


def _key_of(database: MongoDatabase, user_id: str) -> str | None:
    found = database.users.find_one({**equal(id=user_id), **ALIVE}, {"key": 1})
    return None if found is None else str(found["key"])
