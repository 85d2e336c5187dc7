"""Serve /v1/analyses."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.analyses import AnalysisRequest
from api.routes.bodies import (
    AnalysisPath,
    FeedbackBody,
    StartAnalysisBody,
    StartAnalysisHeaders,
)
from api.routes.documents import AnalysisDocument, analysis_document
from api.routes.event_lines import EventLines
from api.services import Services

_TAG = Tag(name="analyses", description="Have one's own posts read")


def analyses_blueprint(services: Services, problems: dict[str | int, Any]) -> APIBlueprint:
    """Return the routes of analyses."""
    routes = APIBlueprint(
        "analyses", __name__, url_prefix="/v1/analyses", abp_tags=[_TAG], abp_responses=problems
    )

    @routes.post("", responses={202: AnalysisDocument})
    def start_analysis(header: StartAnalysisHeaders, body: StartAnalysisBody) -> Any:
        """Start an analysis of one's own posts; one that is under way is returned instead."""
        analysis, _ = services.analyses.start(
            AnalysisRequest(
                body.user_name, body.source, body.max_posts, body.as_of, body.source_user
            ),
            consent=body.consent,
            idempotency_key=header.idempotency_key,
        )
        place = {"Location": f"/v1/analyses/{analysis.analysis_id}"}
        return analysis_document(analysis), 202, place

    @routes.get("/<analysis_id>", responses={200: AnalysisDocument})
    def get_analysis(path: AnalysisPath) -> Any:
        """Return an analysis: its state, its progress, and its result or problem."""
        return analysis_document(services.analyses.analysis(path.analysis_id))

    @routes.delete("/<analysis_id>", responses={200: AnalysisDocument})
    def cancel_analysis(path: AnalysisPath) -> Any:
        """Cancel an analysis that has not ended; what was read of the posts is kept."""
        return analysis_document(services.analyses.cancel(path.analysis_id))

    @routes.get(
        "/<analysis_id>/events",
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    def follow_analysis(path: AnalysisPath) -> Any:
        """Follow an analysis as server-sent events named "analysis", until it is terminal."""
        changes = services.analyses.events(path.analysis_id)
        response = Response(EventLines(changes), content_type="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @routes.post("/<analysis_id>/feedback", responses={204: None})
    def give_feedback(path: AnalysisPath, body: FeedbackBody) -> Any:
        """Say in one's own word how one has felt: Depressed, Stressed, Cheerful or Satisfied."""
        services.analyses.feedback(path.analysis_id, body.mood)
        return "", 204

    return routes
