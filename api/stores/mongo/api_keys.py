"""API keys."""

from datetime import datetime

from api.domain.api_keys import ApiKey
from api.stores.mongo.connections import Document, StorePart
from api.stores.mongo.documents import equal
from api.stores.values import optional_stored_time, read_key, stored_text, stored_time

_OLDEST = [("created_at", 1), ("_id", 1)]


class ApiKeyPart(StorePart):
    """API keys; api.ports.api_keys documents the methods."""

    def add_key(self, key: ApiKey) -> None:
        with self._connections.using() as database:
            database.api_keys.insert_one(
                {
                    "_id": key.prefix,
                    "name": stored_text(key.name),
                    "digest": key.digest,
                    "scopes": sorted(key.scopes),
                    "users": sorted(key.users),
                    "created_at": stored_time(key.created_at),
                    "last_used_at": optional_stored_time(key.last_used_at),
                }
            )

    def key(self, prefix: str) -> ApiKey | None:
        with self._connections.using() as database:
            found = database.api_keys.find_one(equal(id=stored_text(prefix)))
        return None if found is None else _key_of(found)

    def all_keys(self) -> list[ApiKey]:
        with self._connections.using() as database:
            return [_key_of(one) for one in database.api_keys.find().sort(_OLDEST)]

    def note_use(self, prefix: str, at: datetime) -> None:
        with self._connections.using() as database:
            used = {"$set": {"last_used_at": stored_time(at)}}
            database.api_keys.update_one(equal(id=prefix), used)

    def replace_digest(self, prefix: str, digest: bytes) -> None:
        with self._connections.using() as database:
            database.api_keys.update_one(equal(id=prefix), {"$set": {"digest": digest}})

    def remove_key(self, prefix: str) -> bool:
        with self._connections.using() as database:
            return database.api_keys.delete_one(equal(id=prefix)).deleted_count > 0


def _key_of(document: Document) -> ApiKey:
    return read_key(document["_id"], document, document["scopes"], document["users"])
