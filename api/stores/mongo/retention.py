"""Retention sweep: deletes what is past its retention and completes interrupted writes.

MongoDB's TTL indexes delete the same documents by the server's clock; the sweep uses the time that
it is given, and also removes an expired mood from its user.
"""

from datetime import datetime, timedelta

from api.ports.store import Retention
from api.stores.mongo.analyses import set_latest_moods
from api.stores.mongo.connections import StorePart
from api.stores.mongo.documents import equal
from api.stores.mongo.post_imports import user_after_import
from api.stores.mongo.users import finish_erasure, purge
from api.stores.values import stored_time

_UNDER_WAY = timedelta(hours=1)
"""Longer than any single write may take: afterwards no write can leave documents behind."""


class RetentionPart(StorePart):
    """The retention sweep; api.ports.store documents the method."""

    _retention: Retention

    def sweep(self, now: datetime) -> int:
        self._complete_interrupted_writes(now)
        posts_before = {"$lt": now - self._retention.posts}
        moods_before = now - self._retention.moods
        with self._connections.using() as database:
            database.users.update_many(
                {"mood_at": {"$lt": stored_time(moods_before)}},
                {"$unset": {"mood": "", "mood_at": ""}, "$set": {"hashtags": []}},
            )
            database.feedback.delete_many({"ended_on": {"$lt": moods_before}})
            database.imports.delete_many({"saved_at": posts_before})
            posts = database.posts.delete_many({"saved_at": posts_before})
            analyses = database.analyses.delete_many({"ended_on": {"$lt": moods_before}})
        return posts.deleted_count + analyses.deleted_count

    def _complete_interrupted_writes(self, now: datetime) -> None:
        with self._connections.using() as database:
            set_latest_moods(database)
            for user in database.users.find({"erased_at": {"$exists": True}}):
                finish_erasure(database, user)
            for user in database.users.find({"pending_import": {"$exists": True}}, {"_id": 1}):
                user_after_import(database, user["_id"])
            old = {"keys": {"$exists": True}, "erased_at": {"$lt": stored_time(now - _UNDER_WAY)}}
            for tombstone in database.tombstones.find(old):
                for key in tombstone["keys"]:
                    purge(database, key)
                database.tombstones.update_one(
                    equal(id=tombstone["_id"], keys=tombstone["keys"]), {"$unset": {"keys": ""}}
                )
