"""Source marks (up to which post an account was fetched) and sealed sign-ins at sources.

Each is one document whose _id consists of the user's key, the source and, of a mark, the account.
"""

from collections.abc import Callable

from api.domain.analyses import Lease
from api.errors import NotFoundError
from api.ports.store import ResealedSignIns
from api.stores.mongo.analyses import leased_analysis
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, equal
from api.stores.mongo.users import user_exists
from api.stores.shared_rules import lease_lost


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
            user = (analysis["user_id"], analysis["user_key"])
            mark = {"source": source, "account": account, "post_id": post_id}
            if not _replace(database, "source_marks", f"{user[1]} {source} {account}", user, mark):
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
            user, value = (user_id, user_key), {"source": source, "sealed": sealed}
            if not _replace(database, "sign_ins", f"{user_key} {source}", user, value):
                raise NotFoundError(f"user {user_id!r} was erased meanwhile")

    def reseal_sign_ins(self, reseal: Callable[[str], str | None]) -> ResealedSignIns:
        sealed = unreadable = 0
        with self._connections.using() as database:
            for one in database.sign_ins.find().sort("_id", 1):
                after = reseal(one["sealed"])
                if after is None:
                    unreadable += 1
                    continue
                changed = database.sign_ins.update_one(
                    equal(id=one["_id"], sealed=one["sealed"]), {"$set": {"sealed": after}}
                )
                sealed += changed.modified_count
        return ResealedSignIns(sealed, unreadable)


def _replace(
    database: MongoDatabase, collection: str, name: str, user: tuple[str, str], values: Document
) -> bool:
    """Replace a document of a user (id and key), or delete it if one of the values is None.

    Returns False, and keeps nothing, if the user was erased meanwhile.
    """
    removed = None in values.values()
    if not removed:
        change = {"$set": {"user_key": user[1], **values}}
        database[collection].update_one(equal(id=name), change, upsert=True)
        if user_exists(database, *user):
            return True
    database[collection].delete_one(equal(id=name))
    return removed


def _key_of(database: MongoDatabase, user_id: str) -> str | None:
    found = database.users.find_one({**equal(id=user_id), **ALIVE}, {"key": 1})
    return None if found is None else str(found["key"])
