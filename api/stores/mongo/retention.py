"""Retention sweep: deletes what is past its retention and completes interrupted writes.

It uses the time that it is given, never the server's clock, and also removes a deleted mood from
its user.
"""

from datetime import datetime, timedelta

from pymongo.collection import Collection

from api.ports.store import PastRetention, Retention, SweepRecord
from api.stores.mongo.analyses import set_latest_moods
from api.stores.mongo.connections import Document, StorePart
from api.stores.mongo.documents import equal
from api.stores.mongo.post_imports import user_after_import
from api.stores.mongo.users import finish_all_erasures, purge
from api.stores.shared_rules import MILLION
from api.stores.values import stored_time, time_of

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

    def past_retention(self, now: datetime) -> PastRetention:
        posts_before = now - self._retention.posts
        moods_before = now - self._retention.moods
        with self._connections.using() as database:
            posts_past, posts_kept = _counts(database.posts, "saved_at", posts_before)
            analyses_past, analyses_kept = _counts(database.analyses, "ended_on", moods_before)
        return PastRetention(
            posts_past + posts_kept, posts_past, analyses_past + analyses_kept, analyses_past
        )

    def sweep_record(self) -> SweepRecord | None:
        with self._connections.using() as database:
            until = database.facts.find_one(equal(id="swept_until"))
            early = database.facts.find_one(equal(id="swept_early"))
        if until is None or early is None:
            return None
        return SweepRecord(time_of(until["value"]), early["value"] / MILLION)

    def set_sweep_record(self, record: SweepRecord) -> None:
        # In this order, so that a process that dies in between has spent more, not less.
        facts = {
            "swept_early": round(record.spent * MILLION),
            "swept_until": stored_time(record.until),
        }
        with self._connections.using() as database:
            for name, value in facts.items():
                database.facts.update_one(equal(id=name), {"$set": {"value": value}}, upsert=True)

    def _complete_interrupted_writes(self, now: datetime) -> None:
        with self._connections.using() as database:
            set_latest_moods(database)
            finish_all_erasures(database)
            for user in database.users.find({"pending_import": {"$exists": True}}, {"_id": 1}):
                user_after_import(database, user["_id"])
            old = {"keys": {"$exists": True}, "erased_at": {"$lt": stored_time(now - _UNDER_WAY)}}
            for tombstone in database.tombstones.find(old):
                for key in tombstone["keys"]:
                    purge(database, key)
                database.tombstones.update_one(
                    equal(id=tombstone["_id"], keys=tombstone["keys"]), {"$unset": {"keys": ""}}
                )


def _counts(collection: Collection[Document], name: str, before: datetime) -> tuple[int, int]:
    """Return how many documents have an earlier date, and how many that one or a later one."""
    earlier = collection.count_documents({name: {"$lt": before}})
    return earlier, collection.count_documents({name: {"$gte": before}})
