"""Authentication and scope checks for API keys.

A route declares the scope it needs with `api.routes.openapi.documented`; the OpenAPI document
shows it and this module enforces it, so the two cannot differ. A route that declares nothing needs
the scope admin. Health, metrics, documentation and the dashboard's own files need no key, nor do
routes declared with the scope None.
"""

from flask import Flask, g, request
from flask_openapi3.openapi import OpenAPI

from api.domain.api_keys import ApiKey, Scope
from api.errors import ForbiddenError, NotFoundError, UnauthorizedError
from api.routes.openapi import KEYLESS, documented_operations
from api.services.access import Access
from api.services.analyses import Analyses


def register_authentication(app: Flask, access: Access) -> None:
    """Look up the API key of each request, without refusing any yet.

    It runs before the rate limits, which count per key; register_scope_checks runs after them, so
    that attempts with guessed keys are limited as well.
    """

    @app.before_request
    def authenticate() -> None:
        g.api_key, g.refusal = None, None
        if access.required and not _is_open():
            try:
                g.api_key = access.key_of(_presented_key())
            except UnauthorizedError as error:
                g.refusal = error


def register_scope_checks(app: OpenAPI, access: Access, analyses: Analyses) -> None:
    """Refuse requests that their key does not allow; call it after adding all routes."""
    declared = {name: each.security for name, each in documented_operations(app).items()}

    @app.before_request
    def check() -> None:
        security = declared.get(request.endpoint or "")
        if not access.required or _is_open() or security == KEYLESS:
            return
        if g.refusal is not None:
            raise g.refusal
        key: ApiKey = g.api_key
        scope = Scope(security[0]["bearer"][0]) if security else Scope.ADMIN
        if not key.allows(scope):
            raise ForbiddenError(f"This call needs a key with the scope {scope}.", scope)
        named = request.view_args or {}
        if "user_name" in named:
            check_user(named["user_name"])
        if "analysis_id" in named and not key.reaches_everybody:
            user_id = analyses.analysis(named["analysis_id"]).request.user_id
            if not key.reaches(user_id):
                # The same error as for an unknown id: a key cannot find out which ids exist.
                raise NotFoundError(Analyses.NOT_THERE)


def check_user(user_name: str) -> None:
    """Raise ForbiddenError if the request's key does not give access to this user's data."""
    key: ApiKey | None = g.api_key
    if key is not None and not key.reaches(user_name.lower()):
        raise ForbiddenError(
            "This key does not reach the data of that user: it names the users whose data it does."
        )


def _is_open() -> bool:
    # A request without a route has no endpoint. OPTIONS is a CORS preflight, sent without a key.
    endpoint = request.endpoint
    return (
        endpoint is None
        or endpoint == "static"
        or request.blueprint == "service"
        or request.method == "OPTIONS"
    )


def _presented_key() -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("X-API-Key")
