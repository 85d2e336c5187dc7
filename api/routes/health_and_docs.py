"""Routes about the service itself: health, metrics, API documentation, problem pages, dashboard."""

from typing import Any

from flask import Response, abort, current_app
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI

from api.metrics import Metrics
from api.problems import HTTP_KINDS, all_kinds
from api.routes.documents.service import AliveDocument, ReadyDocument
from api.routes.openapi import named_by_function, problem_answers
from api.routes.request_models import ProblemPath
from api.services import Services

_TAG = Tag(name="service", description="Health, metrics and documentation")


def service_blueprint(services: Services, metrics: Metrics) -> APIBlueprint:
    """Return the routes about the service itself."""
    problems = problem_answers("invalid-request", "misdirected", "unexpected")
    routes = APIBlueprint(
        "service",
        __name__,
        abp_tags=[_TAG],
        abp_responses=problems,
        operation_id_callback=named_by_function,
    )

    @routes.get("/livez", responses={200: AliveDocument})
    def livez() -> Any:
        """Answer as long as the process runs."""
        return {"status": "alive"}

    missing_answer = {
        "description": "a dependency is missing; status names it",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/ReadyDocument"},
                "example": {
                    "status": "missing: inference",
                    "dependencies": {"store": True, "inference": False},
                },
            }
        },
    }

    @routes.get("/readyz", responses={200: ReadyDocument, 503: missing_answer})
    def readyz() -> Any:
        """Check whether all dependencies are ready; 503 names those that are missing."""
        dependencies = services.health.dependencies()
        missing = [name for name, ready in dependencies.items() if not ready]
        status = "missing: " + ", ".join(missing) if missing else "ready"
        return {"status": status, "dependencies": dependencies}, 503 if missing else 200

    text_answer = {
        "description": "Prometheus text format",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": 'moodline_analyses_total{state="succeeded"} 3.0\n',
            }
        },
    }

    @routes.get("/metrics", responses={200: text_answer})
    def prometheus_metrics() -> Any:
        """Return metrics in the Prometheus text format."""
        return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @routes.get("/openapi.json", doc_ui=False)
    def openapi() -> Any:
        app = current_app
        return app.api_doc if isinstance(app, OpenAPI) else abort(404)

    @routes.get("/problems/<slug>", doc_ui=False)
    def explain_problem(path: ProblemPath) -> Any:
        kind = all_kinds().get(path.slug)
        if kind is None:
            abort(HTTP_KINDS[404].status)
        text = f"{kind.title} ({kind.status})\n\n{kind.about}\n"
        return Response(text, content_type="text/plain; charset=utf-8")

    @routes.get("/", doc_ui=False)
    def dashboard() -> Any:
        return current_app.send_static_file("index.html")

    @routes.get("/docs", doc_ui=False)
    def documentation() -> Any:
        return current_app.send_static_file("docs.html")

    return routes
