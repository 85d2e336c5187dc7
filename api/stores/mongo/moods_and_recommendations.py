"""Moods, feedback and recommendations: the catalogue, and friends ranked by shared hashtags.

The mood history consists of the analyses that succeeded: a mood is stored once, with its result.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from operator import itemgetter
from typing import Any

from api.domain.analyses import AnalysisState
from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import NotFoundError
from api.ports.store import Feedback, MoodRecord
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, equal
from api.stores.mongo.users import agreed_to_training, user_exists
from api.stores.shared_rules import compared_hashtags
from api.stores.values import stored_time, time_of

MOST_SHARING = 1_000
"""Number of users, those with the freshest moods, that are ranked by shared hashtags."""

_FRESHEST = {"mood_at": -1, "_id": 1}
_CATALOGUE = equal(id="current")


class MoodPart(StorePart):
    """Moods, catalogue, friends, feedback; api.ports.store documents the methods."""

    def latest_mood(self, user_id: str) -> MoodRecord | None:
        with self._connections.using() as database:
            user = database.users.find_one({**equal(id=user_id), **ALIVE}, {"key": 1})
            if user is None:
                return None
            newest = database.analyses.find_one(
                equal(user_key=user["key"], state=AnalysisState.SUCCEEDED.value),
                sort=[("finished_at", -1)],
            )
        if newest is None:
            return None
        at, result = time_of(newest["finished_at"]), json.loads(newest["result"])
        return MoodRecord(user_id, newest["_id"], newest["mood"], at, result)

    def interests(self, user_id: str) -> list[str]:
        with self._connections.using() as database:
            user = database.users.find_one({**equal(id=user_id), **ALIVE}, {"hashtags": 1})
        return [] if user is None else list(user["hashtags"])

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        with self._connections.using() as database:
            analysis: Any = database.analyses.find_one(equal(id=analysis_id))
            if analysis is not None:
                key = analysis["user_key"]
                feedback = {"mood": mood, "created_at": stored_time(at)}
                feedback["ended_on"] = analysis.get("ended_on", at)  # it expires with its analysis
                database.feedback.update_one(
                    equal(id=analysis_id), {"$set": {"user_key": key, **feedback}}, upsert=True
                )
                if user_exists(database, analysis["user_id"], key):
                    return
                database.feedback.delete_one(equal(id=analysis_id))
        raise NotFoundError(f"there is no analysis {analysis_id!r}")

    def feedback_on(self, analysis_id: str) -> str | None:
        with self._connections.using() as database:
            given = database.feedback.find_one(equal(id=analysis_id), {"mood": 1})
        return None if given is None else str(given["mood"])

    def feedback(self) -> list[Feedback]:
        found = []
        with self._connections.using() as database:
            given = database.feedback.find(sort=[("user_key", 1)])
            for one in sorted(given, key=itemgetter("user_key", "created_at")):
                analysis: Any = database.analyses.find_one(equal(id=one["_id"]), {"user_id": 1})
                user = analysis and database.users.find_one(
                    {**equal(id=analysis["user_id"], key=one["user_key"]), **ALIVE},
                    {"consented_at": 1, "training": 1},
                )
                if user and agreed_to_training(user):
                    found.append(Feedback(user["_id"], one["_id"], one["mood"]))
        return found

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        with self._connections.using() as database:
            found = database.catalogue.find_one(_CATALOGUE)
        items = [] if found is None else found["items"]
        return [CatalogueItem(**item) for item in items if item["mood"] == mood]

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        with self._connections.using() as database:
            database.catalogue.update_one(
                _CATALOGUE, {"$set": {"items": [asdict(item) for item in items]}}, upsert=True
            )

    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        with self._connections.using() as database:
            found = _candidates(database, user_id, mood, hashtags, limit)
        return [
            FriendCandidate(
                user_id=user["_id"],
                user_name=user["user_name"],
                mood=user["mood"],
                mood_at=time_of(user["mood_at"]),
                hashtags=tuple(user["hashtags"]),
            )
            for user in found
        ]


def _candidates(
    database: MongoDatabase, user_id: str, mood: str, hashtags: Sequence[str], limit: int
) -> list[Document]:
    """Return up to `limit` users: most shared hashtags first, then freshest mood."""
    wanted = compared_hashtags(hashtags)
    found = _sharing(database, user_id, mood, wanted, limit) if wanted and limit > 0 else []
    if len(found) < limit:
        # Users who share nothing come last; limit + 1 because the user may be among them.
        known = {user_id, *(one["_id"] for one in found)}
        freshest = database.users.find(equal(matchable=True, mood=mood)).sort(_FRESHEST)
        found += [one for one in freshest.limit(limit + 1) if one["_id"] not in known]
    return found[: max(limit, 0)]


def _sharing(
    database: MongoDatabase, user_id: str, mood: str, wanted: list[str], limit: int
) -> list[Document]:
    # $literal: otherwise a hashtag such as "$key" would be read as the name of a field.
    shared = {"$size": {"$setIntersection": ["$hashtags", {"$literal": wanted}]}}
    return list(
        database.users.aggregate(
            [
                {"$match": {**equal(matchable=True, mood=mood), "hashtags": {"$in": wanted}}},
                {"$sort": _FRESHEST},
                {"$limit": MOST_SHARING},
                {"$match": {"_id": {"$ne": user_id}}},
                {"$set": {"shared": shared}},
                {"$sort": {"shared": -1, **_FRESHEST}},
                {"$limit": limit},
            ]
        )
    )
