"""Serve the calls of the original front end in exactly the shapes that it reads."""

from __future__ import annotations

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.recommendations import Recommendation
from api.routes.bodies import OriginalStartQuery, UserPath
from api.services import Services, plain_answer

_TAG = Tag(name="original", description="The calls of the original front end")


def original_blueprint(services: Services, problems: dict[str | int, Any]) -> APIBlueprint:
    """Return the original routes."""
    routes = APIBlueprint("original", __name__, abp_tags=[_TAG], abp_responses=problems)

    @routes.get(
        "/start_analysis/<user_name>",
        responses={200: {"description": "[mood, happiest post, saddest post]"}},
    )
    def start_analysis_and_wait(path: UserPath, query: OriginalStartQuery) -> Any:
        """Analyse and wait: answers [mood, happiest, saddest], the last two as texts or null."""
        result = services.analyses.run_to_end(path.user_name, consent=query.consent)
        return plain_answer(result)

    @routes.get(
        "/recommend_friends/<user_name>",
        responses={200: {"description": '{"big_accounts", "hashtags", "friend"} of names'}},
    )
    def recommend_friends(path: UserPath) -> Any:
        """Return recommendations as plain names."""
        found = services.moods.recommendations(path.user_name)
        return {
            "big_accounts": _names(found.big_accounts),
            "hashtags": _names(found.hashtags),
            "friend": _names(found.friends),
        }

    # The original front end spells it so.
    routes.get("/recomend_friends/<user_name>", operation_id="recomend_friends")(recommend_friends)
    return routes


def _names(found: tuple[Recommendation, ...]) -> list[str]:
    return [item.name for item in found]
