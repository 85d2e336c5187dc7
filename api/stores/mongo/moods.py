"""Keep moods, the catalogue of recommendations and the users' own word.

The mood history is the analyses that succeeded: a mood is kept once, with its result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.domain.analyses import AnalysisState
from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import NotFoundError
from api.ports.store import MoodRecord
from api.stores.mongo.connections import Connections
from api.stores.mongo.erasure import is_alive
from api.stores.mongo.matching import candidates
from api.stores.mongo.queries import ALIVE, equal
from api.stores.values import stored_time, time_of

_CATALOGUE = equal(id="current")


class MoodPart:
    """Be the part of the store that knows moods; api.ports.store says what its methods do."""

    _connections: Connections

    def latest_mood(self, user_id: str) -> MoodRecord | None:
        """Return the newest entry of the user's mood history, or None."""
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
        return MoodRecord(
            user_id=user_id,
            analysis_id=newest["_id"],
            mood=newest["mood"],
            created_at=time_of(newest["finished_at"]),
            result=json.loads(newest["result"]),
        )

    def interests(self, user_id: str) -> list[str]:
        """Return the hashtags kept with the user's latest mood."""
        with self._connections.using() as database:
            user = database.users.find_one({**equal(id=user_id), **ALIVE}, {"hashtags": 1})
        return [] if user is None else list(user["hashtags"])

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        """Return what may be recommended for a mood, in the catalogue's order."""
        with self._connections.using() as database:
            found = database.catalogue.find_one(_CATALOGUE)
        items = [] if found is None else found["items"]
        return [CatalogueItem(**item) for item in items if item["mood"] == mood]

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        """Put these items in place of the whole catalogue."""
        with self._connections.using() as database:
            database.catalogue.update_one(
                _CATALOGUE, {"$set": {"items": [asdict(item) for item in items]}}, upsert=True
            )

    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        """Return users of a mood who agreed to be matched, most shared hashtags first."""
        with self._connections.using() as database:
            found = candidates(database, user_id, mood, hashtags, limit)
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

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Keep the user's own word on an analysis; a later word takes the place of an earlier."""
        with self._connections.using() as database:
            analysis: Any = database.analyses.find_one(equal(id=analysis_id))
            if analysis is not None:
                key = analysis["user_key"]
                word = {"mood": mood, "created_at": stored_time(at)}
                word["ended_on"] = analysis.get("ended_on", at)  # it goes with its analysis
                database.feedback.update_one(
                    equal(id=analysis_id), {"$set": {"user_key": key, **word}}, upsert=True
                )
                if is_alive(database, analysis["user_id"], key):
                    return
                database.feedback.delete_one(equal(id=analysis_id))
        raise NotFoundError(f"there is no analysis {analysis_id!r}")
