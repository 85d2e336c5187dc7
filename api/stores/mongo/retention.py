"""Delete what was kept longer than it may be, and finish what was left half done.

MongoDB's own TTL indexes delete the same, by its clock; the sweep does so by the clock that it is
given, and also takes an expired mood from its user.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from api.ports.store import Retention
from api.stores.mongo.connections import Connections
from api.stores.mongo.erasure import finish_erasing, purge
from api.stores.mongo.imports import settled
from api.stores.mongo.matching import tell_users
from api.stores.mongo.queries import equal
from api.stores.values import stored_time

_UNDER_WAY = timedelta(hours=1)
"""Longer than any one write may take: by then what a late one left behind is there to purge."""


class RetentionPart:
    """Be the part of the store that forgets; api.ports.store says what its methods do."""

    _connections: Connections
    _retention: Retention

    def sweep(self, now: datetime) -> int:
        """Delete posts and analyses past their time; return how many."""
        self._finish_what_was_left(now)
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

    def _finish_what_was_left(self, now: datetime) -> None:
        with self._connections.using() as database:
            tell_users(database)
            for user in database.users.find({"erased_at": {"$exists": True}}):
                finish_erasing(database, user)
            for user in database.users.find({"pending_import": {"$exists": True}}, {"_id": 1}):
                settled(database, user["_id"])
            old = {"keys": {"$exists": True}, "erased_at": {"$lt": stored_time(now - _UNDER_WAY)}}
            for tombstone in database.tombstones.find(old):
                for key in tombstone["keys"]:
                    purge(database, key)
                database.tombstones.update_one(
                    equal(id=tombstone["_id"], keys=tombstone["keys"]), {"$unset": {"keys": ""}}
                )
