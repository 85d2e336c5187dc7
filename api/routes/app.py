"""The Flask application: routes, checks and error handlers around the use cases."""

from pathlib import Path
from typing import Any

from flask.json.provider import DefaultJSONProvider
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from api.metrics import Metrics
from api.routes.analyses import analyses_blueprint
from api.routes.browsing import browsing_blueprint
from api.routes.checks.authentication import register_authentication, register_scope_checks
from api.routes.checks.body_checks import register_body_check
from api.routes.checks.error_handlers import invalid_request, register_error_handlers
from api.routes.checks.rate_limits import register_rate_limits
from api.routes.checks.request_checks import (
    StrictJsonRequest,
    register_query_check,
    register_request_checks,
)
from api.routes.corrections import corrections_blueprint
from api.routes.demo import demo_blueprint
from api.routes.documents.analyses import AnalysisEvent
from api.routes.documents.exports import ExportDocument
from api.routes.documents.service import ProblemDocument
from api.routes.health_and_docs import service_blueprint
from api.routes.moods import moods_blueprint
from api.routes.openapi import SECURITY_SCHEMES, complete_document
from api.routes.original_front_end import original_blueprint
from api.routes.request_models import PostFileForm
from api.routes.sources import sources_blueprint
from api.routes.users import (
    IMPORT_POSTS,
    MULTIPART_OVERHEAD_BYTES,
    consent_words_blueprint,
    users_blueprint,
)
from api.services import Services
from api.settings import Settings

_WEB = Path(__file__).parents[1] / "web"


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False


class _App(OpenAPI):
    request_class = StrictJsonRequest
    json_provider_class = _Json

    def register_api(self, api: APIBlueprint, **options: Any) -> None:
        """Register routes; an address whose methods are in several blueprints keeps them all."""
        before = {address: item for address, item in self.paths.items() if address in api.paths}
        super().register_api(api, **options)
        for address, item in before.items():
            added = {method: each for method, each in api.paths[address] if each is not None}
            self.paths[address] = item.model_copy(update=added)

    def generate_spec_json(self) -> None:
        """Generate the OpenAPI document, with what the framework leaves out."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]  # it has no types
        complete_document(self.spec_json, AnalysisEvent, ExportDocument, PostFileForm)


def create_app(services: Services, metrics: Metrics, settings: Settings) -> OpenAPI:
    """Return a new app that serves these use cases."""
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
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.strict_slashes = False
    register_error_handlers(app)
    register_request_checks(app, metrics, settings.allowed_hosts, settings.cors_origins)
    register_authentication(app, services.access)
    register_rate_limits(
        app,
        calls=settings.rate_limit,
        work=settings.work_rate_limit,
        redis_url=settings.redis_url,
    )
    app.register_api(analyses_blueprint(services))
    app.register_api(users_blueprint(services))
    app.register_api(consent_words_blueprint(services.retention))
    app.register_api(browsing_blueprint(services))
    app.register_api(moods_blueprint(services))
    app.register_api(corrections_blueprint(services))
    app.register_api(demo_blueprint(services))
    app.register_api(sources_blueprint(services))
    app.register_api(original_blueprint(services))
    app.register_api(service_blueprint(services, metrics))
    register_scope_checks(app, services.access, services.analyses)
    register_query_check(app)
    register_body_check(app, {IMPORT_POSTS: settings.max_import_bytes + MULTIPART_OVERHEAD_BYTES})
    return app
