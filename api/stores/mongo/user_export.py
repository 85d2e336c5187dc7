"""The user data export: everything stored about one user."""

from collections.abc import Mapping
from typing import Any

from api.domain.analyses import AnalysisState
from api.stores.mongo.connections import StorePart
from api.stores.mongo.documents import analysis_of, equal, stored_post_of
from api.stores.mongo.post_imports import known_user
from api.stores.user_export import exported_post, user_export
from api.stores.values import read_user


class UserExportPart(StorePart):
    """The user data export; api.ports.store documents the method."""

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        with self._connections.using() as database:
            user = known_user(database, user_id)
            of_user = equal(user_key=user["key"])
            analyses = sorted(database.analyses.find(of_user), key=lambda one: one["created_at"])
            moods = [one for one in analyses if one["state"] == AnalysisState.SUCCEEDED.value]
            feedback = sorted(database.feedback.find(of_user), key=lambda one: one["created_at"])
            return user_export(
                read_user(user_id, user),
                matchable=user["matchable"],
                training=user.get("training", False),
                hashtags=user["hashtags"],
                consents=[
                    (one["at"], one["words"], one.get("training", False))
                    for one in user["consents"]
                ],
                posts=[
                    exported_post(stored_post_of(one), one["saved_at"], one.get("model"))
                    for one in database.posts.find(of_user).sort("place", -1)
                ],
                analyses=[
                    (analysis_of(one), sorted(one.get("idempotency_keys", ()))) for one in analyses
                ],
                sources=sorted(
                    (one["source"], one["account"], one["post_id"])
                    for one in database.source_marks.find(of_user)
                ),
                sign_ins=sorted(one["source"] for one in database.sign_ins.find(of_user)),
                moods=[
                    (one["_id"], one["mood"], one["finished_at"])
                    for one in sorted(moods, key=lambda one: one["finished_at"])
                ],
                feedback=[(one["_id"], one["mood"], one["created_at"]) for one in feedback],
            )
