"""Routes of /v1/analyses: start, read, cancel and follow an analysis, and give feedback on it."""

from typing import Any

from flask import Response, g, json
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.api_keys import Scope
from api.routes import openapi_examples as examples
from api.routes.checks.authentication import check_user
from api.routes.checks.rate_limits import caller
from api.routes.documents.analyses import AnalysisDocument, FeedbackDocument, analysis_document
from api.routes.openapi import BODY, CHANGES, LOCATION, documented, named_by_function
from api.routes.request_models import (
    AnalysisPath,
    CountryQuery,
    FeedbackBody,
    StartAnalysisBody,
    StartAnalysisHeaders,
)
from api.services import Services

_START_PROBLEMS = (
    "consent-required",
    "conflict",
    "idempotency-key-reused",
    "not-own-account",
    "source-not-configured",
)
_TAG = Tag(name="analyses", description="Analyses of one's own posts")


def analyses_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of analyses."""
    routes = APIBlueprint(
        "analyses",
        __name__,
        url_prefix="/v1/analyses",
        abp_tags=[_TAG],
        operation_id_callback=named_by_function,
    )

    def document(analysis: Analysis, query: CountryQuery) -> dict[str, Any]:
        return analysis_document(
            analysis, services.support, query.country, services.served_model.key
        )

    accepted = {
        "description": "the analysis that was started, or that is queued or running",
        "headers": LOCATION,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/AnalysisDocument"}}
        },
    }

    @routes.post("", **documented(Scope.ANALYSE, {202: accepted}, *BODY, *_START_PROBLEMS))
    def start_analysis(
        header: StartAnalysisHeaders, query: CountryQuery, body: StartAnalysisBody
    ) -> Any:
        """Start an analysis of one's own posts, or return the one that is queued or running."""
        check_user(body.user_name)
        analysis, _ = services.analyses.start(
            AnalysisRequest(
                body.user_name, body.source, body.max_posts, body.as_of, body.source_user
            ),
            consent=body.consent,
            idempotency_key=header.idempotency_key,
        )
        g.analysis_id = analysis.analysis_id
        headers = {"Location": f"/v1/analyses/{analysis.analysis_id}"}
        return document(analysis, query), 202, headers

    @routes.get("/<analysis_id>", **documented(Scope.READ, {200: AnalysisDocument}, "not-found"))
    def get_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Return an analysis: its state, its progress, and its result or problem."""
        return document(services.analyses.analysis(path.analysis_id), query)

    @routes.delete(
        "/<analysis_id>",
        **documented(Scope.ANALYSE, {200: AnalysisDocument}, *CHANGES, "not-found", "conflict"),
    )
    def cancel_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Cancel an analysis that has not ended; posts classified so far stay classified."""
        return document(services.analyses.cancel(path.analysis_id), query)

    events = {
        "description": "server-sent events: an AnalysisEvent at each change, until the state is"
        " final; `data` of each is an AnalysisDocument as one line of JSON",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": _event_line(examples.ANALYSIS),
                "x-event-schema": {"$ref": "#/components/schemas/AnalysisEvent"},
            }
        },
    }

    @routes.get("/<analysis_id>/events", **documented(Scope.READ, {200: events}, "not-found"))
    def follow_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Follow an analysis as server-sent events named "analysis", until it is terminal."""
        changes = services.analyses.events(path.analysis_id, caller())
        lines = (
            _event_line(None if change is None else document(change, query)) for change in changes
        )
        response = Response(lines, content_type="text/event-stream")
        # Also reaches changes if the client leaves before the first event.
        response.call_on_close(changes.close)
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @routes.post(
        "/<analysis_id>/feedback", **documented(Scope.ANALYSE, {204: None}, *BODY, "not-found")
    )
    def give_feedback(path: AnalysisPath, body: FeedbackBody) -> Any:
        """Give feedback on an analysis: the user's own word for their mood."""
        services.analyses.feedback(path.analysis_id, body.mood)
        return "", 204

    @routes.get(
        "/<analysis_id>/feedback", **documented(Scope.READ, {200: FeedbackDocument}, "not-found")
    )
    def get_feedback(path: AnalysisPath) -> Any:
        """Return the feedback on an analysis: the user's own word, null before they gave one."""
        mood = services.analyses.feedback_on(path.analysis_id)
        return FeedbackDocument(mood=mood, label=None if mood is None else mood.label).model_dump(
            mode="json"
        )

    return routes


def _event_line(document: dict[str, Any] | None) -> str:
    if document is None:
        return ": still here\n\n"  # a comment, which keeps the connection open
    return f"event: analysis\ndata: {json.dumps(document, ensure_ascii=False)}\n\n"
