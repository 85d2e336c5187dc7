"""Latest mood, interests and feedback of users.

The mood history consists of the analyses that succeeded: a mood is stored once, with its result.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from api.domain.analyses import AnalysisState
from api.errors import NotFoundError
from api.ports.store import MoodRecord
from api.stores.mongo.connections import StorePart
from api.stores.mongo.documents import ALIVE, equal
from api.stores.mongo.users import is_alive
from api.stores.values import stored_time, time_of


class MoodPart(StorePart):
    """Moods and feedback; api.ports.store documents the methods."""

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
        return MoodRecord(
            user_id=user_id,
            analysis_id=newest["_id"],
            mood=newest["mood"],
            created_at=time_of(newest["finished_at"]),
            result=json.loads(newest["result"]),
        )

    def interests(self, user_id: str) -> list[str]:
        with self._connections.using() as database:
            user = database.users.find_one({**equal(id=user_id), **ALIVE}, {"hashtags": 1})
        return [] if user is None else list(user["hashtags"])

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Save the mood that the user gives as feedback; a later one replaces an earlier one."""
        with self._connections.using() as database:
            analysis: Any = database.analyses.find_one(equal(id=analysis_id))
            if analysis is not None:
                key = analysis["user_key"]
                feedback = {"mood": mood, "created_at": stored_time(at)}
                feedback["ended_on"] = analysis.get("ended_on", at)  # it expires with its analysis
                database.feedback.update_one(
                    equal(id=analysis_id), {"$set": {"user_key": key, **feedback}}, upsert=True
                )
                if is_alive(database, analysis["user_id"], key):
                    return
                database.feedback.delete_one(equal(id=analysis_id))
        raise NotFoundError(f"there is no analysis {analysis_id!r}")
