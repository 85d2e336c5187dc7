"""Routes of the original front end: its addresses and its response shapes, kept as they were."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.api_keys import Scope
from api.domain.recommendations import Recommendation
from api.routes.checks.rate_limits import caller
from api.routes.documents.users import OriginalAnalysisDocument, OriginalRecommendationsDocument
from api.routes.openapi import CHANGES, documented, named_by_function
from api.routes.request_models import OriginalStartQuery, UserPath
from api.services import Services

_TAG = Tag(name="original", description="The calls of the original front end")
_OUTCOMES = (
    "consent-required",
    "not-found",
    "inference-rejected",
    "inference-unavailable",
    "source-unavailable",
)


def original_blueprint(services: Services) -> APIBlueprint:
    """Return the original routes."""
    routes = APIBlueprint(
        "original", __name__, abp_tags=[_TAG], operation_id_callback=named_by_function
    )

    @routes.get(
        "/start_analysis/<user_name>",
        **documented(Scope.ANALYSE, {200: OriginalAnalysisDocument}, *CHANGES, *_OUTCOMES),
    )
    def start_analysis_and_wait(path: UserPath, query: OriginalStartQuery) -> Any:
        """Analyse and wait; return [mood, happiest, saddest], the last two as texts.

        The mood is null if there is too little evidence, the texts without posts of one's own.
        """
        result = services.analyses.run_to_end(
            path.user_name, consent=query.consent, caller=caller()
        )
        happiest, saddest = result["happiest"], result["saddest"]
        return [result["mood"], happiest and happiest["text"], saddest and saddest["text"]]

    recommending = documented(Scope.READ, {200: OriginalRecommendationsDocument}, "not-found")

    @routes.get("/recommend_friends/<user_name>", **recommending)
    def recommend_friends(path: UserPath) -> Any:
        """Return recommendations as plain names."""
        found = services.users.recommendations(path.user_name)
        return {
            "big_accounts": _names(found.big_accounts),
            "hashtags": _names(found.hashtags),
            "friend": _names(found.friends),
        }

    # The original front end spells it so.
    misspelt = "/recomend_friends/<user_name>"
    routes.get(misspelt, operation_id="recomend_friends", **recommending)(recommend_friends)
    return routes


def _names(found: tuple[Recommendation, ...]) -> list[str]:
    return [item.name for item in found]
