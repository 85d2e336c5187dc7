"""Serve /v1/analyses."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.api_keys import Scope
from api.routes.authentication import check_user, needs
from api.routes.documents.analyses import AnalysisDocument, analysis_document
from api.routes.event_lines import EventLines
from api.routes.openapi import BODY, CHANGES, problem_answers
from api.routes.request_models import (
    AnalysisPath,
    CountryQuery,
    FeedbackBody,
    StartAnalysisBody,
    StartAnalysisHeaders,
)
from api.services import Services

_TAG = Tag(name="analyses", description="Have one's own posts read")


def analyses_blueprint(services: Services, problems: dict[str | int, Any]) -> APIBlueprint:
    """Return the routes of analyses."""
    routes = APIBlueprint(
        "analyses", __name__, url_prefix="/v1/analyses", abp_tags=[_TAG], abp_responses=problems
    )

    def document(analysis: Analysis, query: CountryQuery) -> dict[str, Any]:
        return analysis_document(analysis, services.support, query.country)

    @routes.post(
        "",
        security=needs(Scope.ANALYSE),
        responses={
            202: AnalysisDocument,
            **problem_answers(
                *BODY, "consent-required", "conflict", "not-own-account", "source-not-configured"
            ),
        },
    )
    def start_analysis(
        header: StartAnalysisHeaders, query: CountryQuery, body: StartAnalysisBody
    ) -> Any:
        """Start an analysis of one's own posts; one that is under way is returned instead."""
        check_user(body.user_name)
        analysis, _ = services.analyses.start(
            AnalysisRequest(
                body.user_name, body.source, body.max_posts, body.as_of, body.source_user
            ),
            consent=body.consent,
            idempotency_key=header.idempotency_key,
        )
        g.analysis_id = analysis.analysis_id
        place = {"Location": f"/v1/analyses/{analysis.analysis_id}"}
        return document(analysis, query), 202, place

    @routes.get(
        "/<analysis_id>",
        security=needs(Scope.READ),
        responses={200: AnalysisDocument, **problem_answers("not-found")},
    )
    def get_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Return an analysis: its state, its progress, and its result or problem."""
        return document(services.analyses.analysis(path.analysis_id), query)

    @routes.delete(
        "/<analysis_id>",
        security=needs(Scope.ANALYSE),
        responses={200: AnalysisDocument, **problem_answers(*CHANGES, "not-found", "conflict")},
    )
    def cancel_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Cancel an analysis that has not ended; what was read of the posts is kept."""
        return document(services.analyses.cancel(path.analysis_id), query)

    @routes.get(
        "/<analysis_id>/events",
        security=needs(Scope.READ),
        responses={
            200: {
                "description": "an event `analysis` at each change, until it is terminal",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **problem_answers("not-found"),
        },
    )
    def follow_analysis(path: AnalysisPath, query: CountryQuery) -> Any:
        """Follow an analysis as server-sent events named "analysis", until it is terminal."""
        changes = services.analyses.events(path.analysis_id)
        lines = EventLines(changes, lambda analysis: document(analysis, query))
        response = Response(lines, content_type="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @routes.post(
        "/<analysis_id>/feedback",
        security=needs(Scope.ANALYSE),
        responses={204: None, **problem_answers(*BODY, "not-found")},
    )
    def give_feedback(path: AnalysisPath, body: FeedbackBody) -> Any:
        """Say in one's own word how one has felt: Depressed, Stressed, Cheerful or Satisfied."""
        services.analyses.feedback(path.analysis_id, body.mood)
        return "", 204

    return routes
