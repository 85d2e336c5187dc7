"""Routes of /v1/analyses: start, read, cancel and follow an analysis, and give feedback on it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from flask import Response, g, json
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.api_keys import Scope
from api.routes.authentication import check_user, needs
from api.routes.openapi import BODY, CHANGES, problem_answers
from api.routes.request_models import (
    AnalysisPath,
    CountryQuery,
    FeedbackBody,
    StartAnalysisBody,
    StartAnalysisHeaders,
)
from api.routes.response_models import AnalysisDocument, analysis_document
from api.services import Services

_TAG = Tag(name="analyses", description="Analyses of one's own posts")


class EventLines:
    """Iterator over analysis changes as server-sent events; None becomes a keep-alive comment.

    document turns an analysis into JSON values. A class rather than a generator, because close()
    must reach `changes` even if the client leaves before the first event; close() of a generator
    that was never started runs nothing.
    """

    def __init__(
        self,
        changes: Generator[Analysis | None, None, None],
        document: Callable[[Analysis], dict[str, Any]],
    ) -> None:
        self._changes = changes
        self._document = document

    def __iter__(self) -> EventLines:
        return self

    def __next__(self) -> str:
        change = next(self._changes)
        if change is None:
            return ": still here\n\n"
        data = json.dumps(self._document(change), ensure_ascii=False)
        return f"event: analysis\ndata: {data}\n\n"

    def close(self) -> None:
        """Close the changes, which frees the call's share of the long calls."""
        self._changes.close()


def analyses_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of analyses."""
    routes = APIBlueprint(
        "analyses",
        __name__,
        url_prefix="/v1/analyses",
        abp_tags=[_TAG],
        abp_responses=problem_answers(),
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
        """Cancel an analysis that has not ended; posts classified so far stay classified."""
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
        """Give feedback on an analysis: the user's own word for their mood."""
        services.analyses.feedback(path.analysis_id, body.mood)
        return "", 204

    return routes
