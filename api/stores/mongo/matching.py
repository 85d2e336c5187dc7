"""Keep what matching friends reads with the user, and rank candidates by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.database import Database

from api.stores.mongo.erasure import is_alive
from api.stores.mongo.queries import ALIVE, equal
from api.stores.values import stored_text

Document = dict[str, Any]

MOST_SHARING = 1_000
"""How many users, the freshest who share a hashtag, are ranked by how many they share."""
MOST_HASHTAGS = 50
"""How many hashtags are compared, the first ones."""

_FRESHEST = {"mood_at": -1, "_id": 1}


def tell_user(database: Database[Document], analysis: Mapping[str, Any]) -> bool:
    """Make the mood of a finished analysis the user's latest; may be done twice.

    Returns whether the user is still there; where not, the analysis is deleted.
    """
    at = analysis["finished_at"]
    user = equal(id=analysis["user_id"], key=analysis["user_key"])
    newer = {"$or": [{"mood_at": {"$eq": None}}, {"mood_at": {"$lte": at}}]}
    database.users.update_one(
        {**user, **ALIVE, **newer},
        {"$set": {"mood": analysis["mood"], "mood_at": at, "hashtags": analysis["hashtags"]}},
    )
    if not is_alive(database, analysis["user_id"], analysis["user_key"]):
        database.analyses.delete_one(equal(id=analysis["_id"]))
        return False
    database.analyses.update_one(
        equal(id=analysis["_id"]), {"$unset": {"untold": "", "hashtags": ""}}
    )
    return True


def tell_users(database: Database[Document]) -> None:
    """Do so for the analyses whose run ended between its two writes."""
    for analysis in database.analyses.find(equal(untold=True)):
        tell_user(database, analysis)


def candidates(
    database: Database[Document], user_id: str, mood: str, hashtags: Sequence[str], limit: int
) -> list[Document]:
    """Return up to `limit` users: most shared hashtags first, then freshest mood."""
    wanted = list(dict.fromkeys(map(stored_text, hashtags)))[:MOST_HASHTAGS]
    found = _sharing(database, user_id, mood, wanted, limit) if wanted and limit > 0 else []
    if len(found) < limit:
        # Those who share nothing come last: as many as may be needed past the ones found.
        known = {user_id, *(one["_id"] for one in found)}
        freshest = database.users.find(equal(matchable=True, mood=mood)).sort(_FRESHEST)
        found += [one for one in freshest.limit(limit + 1) if one["_id"] not in known]
    return found[: max(limit, 0)]


def _sharing(
    database: Database[Document], user_id: str, mood: str, wanted: list[str], limit: int
) -> list[Document]:
    # $literal: an expression would take a hashtag such as "$key" for the name of a field.
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
