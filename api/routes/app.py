"""Make the Flask app around the use cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from flask.json.provider import DefaultJSONProvider
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from api.metrics import Metrics
from api.routes.analyses import analyses_blueprint
from api.routes.authentication import SECURITY_SCHEMES, register_access, register_identity
from api.routes.documents.problems import ProblemDocument
from api.routes.error_handlers import invalid_request, register_error_handlers
from api.routes.health_and_docs import service_blueprint
from api.routes.openapi import keyless_answers, problem_answers
from api.routes.original_front_end import original_blueprint
from api.routes.queries import register_query_check
from api.routes.rate_limits import RateLimits, register_rate_limits
from api.routes.request_checks import StrictJsonRequest, register_request_checks
from api.routes.sources import sources_blueprint
from api.routes.users import users_blueprint
from api.services import Services

_WEB = Path(__file__).parents[1] / "web"


@dataclass(frozen=True, slots=True)
class AppLimits:
    """Hold what the app itself needs to know of the settings; sizes are in bytes."""

    max_body_bytes: int = 65_536
    max_import_bytes: int = 128 * 1024**2
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    cors_origins: tuple[str, ...] = ()
    rates: RateLimits = field(default_factory=RateLimits)


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False


class _App(OpenAPI):
    request_class = StrictJsonRequest
    json_provider_class = _Json


def create_app(services: Services, metrics: Metrics, limits: AppLimits) -> OpenAPI:
    """Return a fresh app that serves these use cases."""
    app = _App(
        __name__,
        info=Info(
            title="Moodline",
            version="1",
            description="Tells people how their own posts have felt, and what may help.",
        ),
        security_schemes=SECURITY_SCHEMES,
        doc_ui=False,
        static_folder=str(_WEB),
        static_url_path="/web",
        validation_error_status=400,
        validation_error_model=ProblemDocument,
        validation_error_callback=invalid_request,
    )
    app.config["MAX_CONTENT_LENGTH"] = limits.max_body_bytes
    app.url_map.strict_slashes = False
    register_error_handlers(app)
    register_request_checks(app, metrics, limits.allowed_hosts, limits.cors_origins)
    register_identity(app, services.access)
    register_rate_limits(app, limits.rates)
    problems = problem_answers()
    app.register_api(analyses_blueprint(services, problems))
    app.register_api(users_blueprint(services, problems, max_import_bytes=limits.max_import_bytes))
    app.register_api(sources_blueprint(services, problems))
    app.register_api(original_blueprint(services, problems))
    app.register_api(service_blueprint(services, keyless_answers(), metrics))
    register_access(app, services.access, services.analyses)
    register_query_check(app)
    return app
