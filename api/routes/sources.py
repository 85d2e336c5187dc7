"""Routes of what posts can come from: files, sources, and the sign-in at X."""

from dataclasses import asdict
from typing import Any

from flask import redirect, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.api_keys import Scope
from api.routes.documents.imports import ImportFormatsDocument
from api.routes.documents.service import SourcesDocument
from api.routes.openapi import LOCATION, documented, named_by_function
from api.routes.request_models import SignInReturnQuery
from api.services import Services
from api.services.sign_ins import TICKET_SECONDS
from api.services.sources import SIGN_IN_PATH

_TAG = Tag(name="sources", description="What posts can come from, and signing in there")

_TICKET = "moodline_sign_in"
_SIGN_IN_PROBLEMS = (
    "source-not-configured",
    "source-unauthorised",
    "source-forbidden",
    "source-payment-required",
    "source-refused",
    "source-unavailable",
    "source-rate-limited",
)


def sources_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of sources."""
    routes = APIBlueprint(
        "sources", __name__, abp_tags=[_TAG], operation_id_callback=named_by_function
    )

    @routes.get("/v1/sources", **documented(Scope.READ, {200: SourcesDocument}))
    def list_sources() -> Any:
        """List the sources of posts: whether each is configured, and where to sign in."""
        return {"sources": [asdict(state) for state in services.sources.states()]}

    @routes.get("/v1/import-formats", **documented(Scope.READ, {200: ImportFormatsDocument}))
    def list_import_formats() -> Any:
        """List the kinds of files that can be imported, and where to get each."""
        return {"formats": [asdict(dialect) for dialect in services.imports.files.dialects()]}

    to_x = {"description": "redirect to X, which asks the user for permission", "headers": LOCATION}

    @routes.get(SIGN_IN_PATH, **documented(None, {303: to_x}, "source-not-configured"))
    def sign_in_at_x() -> Any:
        """Redirect the user to X, to allow reading their own posts."""
        start = services.sign_ins.begin()
        response = redirect(start.address, 303)
        response.set_cookie(
            _TICKET,
            start.ticket,
            max_age=TICKET_SECONDS,
            path=SIGN_IN_PATH,
            secure=services.sign_ins.over_tls,
            httponly=True,
            samesite="Lax",
        )
        return response

    to_dashboard = {
        "description": "redirect to the dashboard of the user who signed in",
        "headers": LOCATION,
    }

    @routes.get(
        f"{SIGN_IN_PATH}/callback", **documented(None, {303: to_dashboard}, *_SIGN_IN_PROBLEMS)
    )
    def come_back_from_x(query: SignInReturnQuery) -> Any:
        """Complete the sign-in when X redirects the user back."""
        user_name = services.sign_ins.complete(
            ticket=request.cookies.get(_TICKET, ""), state=query.state, code=query.code
        )
        response = redirect(f"/?user={user_name}&source=x", 303)
        response.delete_cookie(_TICKET, path=SIGN_IN_PATH)
        return response

    return routes
