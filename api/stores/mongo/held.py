"""Gather everything that is held about one user, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.database import Database

from api.domain.analyses import AnalysisState
from api.stores.mongo.documents import analysis_of, classification_of, post_of, user_of
from api.stores.mongo.queries import equal
from api.stores.user_export import Held, HeldMood, HeldPost
from api.stores.values import optional_time_of, time_of

Document = dict[str, Any]


def held_about(database: Database[Document], user: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is held under the user's key."""
    record = user_of(user)
    of_user = equal(user_key=user["key"])
    analyses = sorted(database.analyses.find(of_user), key=lambda one: one["created_at"])
    moods = [one for one in analyses if one["state"] == AnalysisState.SUCCEEDED.value]
    feedback = sorted(database.feedback.find(of_user), key=lambda one: one["created_at"])
    return Held(
        user_id=record.user_id,
        user_name=record.user_name,
        created_at=record.created_at,
        consented_at=record.consented_at,
        matchable=user["matchable"],
        hashtags=user["hashtags"],
        consents=[(optional_time_of(one["at"]), one["words"]) for one in user["consents"]],
        posts=[_post(one) for one in database.posts.find(of_user).sort("place", -1)],
        analyses=[(analysis_of(one), one.get("idempotency_key")) for one in analyses],
        sources=sorted(
            (one["source"], one["account"], one["post_id"])
            for one in database.source_marks.find(of_user)
        ),
        sign_ins=sorted(one["source"] for one in database.sign_ins.find(of_user)),
        moods=[
            HeldMood(one["_id"], one["mood"], time_of(one["finished_at"]))
            for one in sorted(moods, key=lambda one: one["finished_at"])
        ],
        feedback=[
            HeldMood(one["_id"], one["mood"], time_of(one["created_at"])) for one in feedback
        ],
    ).to_dict()


def _post(document: Mapping[str, Any]) -> HeldPost:
    model = document.get("model")
    return HeldPost(
        post_of(document),
        document["saved_at"],
        model,
        None if model is None else classification_of(document),
    )
