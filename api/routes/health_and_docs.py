"""Routes about the service itself: health, metrics, API documentation, problem pages, dashboard."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, send_from_directory
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI

from api.metrics import Metrics
from api.problems import HTTP_KINDS, all_kinds
from api.routes.checks.request_checks import CONTENT_POLICY
from api.routes.documents.service import AliveDocument, ReadyDocument
from api.routes.openapi import named_by_function, problem_answers
from api.routes.request_models import AssetPath, ProblemPath
from api.services import Services

_SWAGGER_UI = Path(str(files("flask_openapi3_swagger"))) / "templates" / "swagger"
"""Swagger UI, as the package that it is installed with has it."""

_DOCS_POLICY = CONTENT_POLICY.replace("img-src 'self'", "img-src 'self' data:")
"""Swagger UI's style sheet holds its icons as data."""

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
        response = current_app.send_static_file("docs.html")
        response.headers["Content-Security-Policy"] = _DOCS_POLICY
        return response

    @routes.get("/docs/assets/<path:name>", doc_ui=False)
    def documentation_asset(path: AssetPath) -> Any:
        return send_from_directory(_SWAGGER_UI, path.name)

    return routes
