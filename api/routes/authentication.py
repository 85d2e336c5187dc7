"""Ask for an API key, and let it do only what it may, to whom it may.

A route says which scope it needs with `security=needs(Scope...)`; the OpenAPI document shows it and
this module enforces it, so the two cannot differ. A route that says nothing needs the scope admin.
Health, metrics, documentation and the dashboard's own files need no key, nor do routes that say
KEYLESS.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from flask_openapi3.openapi import OpenAPI

from api.domain.api_keys import ApiKey, Scope
from api.errors import ForbiddenError, NotFoundError, UnauthorizedError
from api.routes.operations import documented, requested
from api.services import Access, Analyses

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "PREFIX.SECRET of an API key"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

KEYLESS: list[dict[str, list[Any]]] = [{}]
"""Is what a route says that browsers are sent to, which cannot show a key: it checks by itself."""


def needs(scope: Scope) -> list[dict[str, list[Any]]]:
    """Return what a route says of the key that it needs."""
    return [{scheme: [scope.value]} for scheme in SECURITY_SCHEMES]


def register_identity(app: Flask, access: Access) -> None:
    """Have an app find out whose key each request shows; nothing is refused yet.

    It comes before the rate limits, which count by key, and they before register_access, so that
    keys cannot be tried without limit.
    """

    @app.before_request
    def identify() -> None:
        g.api_key, g.refusal = None, None
        if access.required and not _is_open():
            try:
                g.api_key = access.key_of(_shown())
            except UnauthorizedError as error:
                g.refusal = error


def register_access(app: OpenAPI, access: Access, analyses: Analyses) -> None:
    """Have an app refuse what the key does not allow; call it once all routes are there."""
    said = {call: operation.security for call, operation in documented(app)}
    scopes = {
        call: Scope(each[0]["bearer"][0]) for call, each in said.items() if each and each != KEYLESS
    }
    keyless = frozenset(call for call, each in said.items() if each == KEYLESS)

    @app.before_request
    def check() -> None:
        if not access.required or _is_open() or requested() in keyless:
            return
        if g.refusal is not None:
            raise g.refusal
        key: ApiKey = g.api_key
        scope = scopes.get(requested(), Scope.ADMIN)
        if not key.allows(scope):
            raise ForbiddenError(f"This call needs a key with the scope {scope}.", scope)
        named = request.view_args or {}
        if "user_name" in named:
            check_user(named["user_name"])
        if "analysis_id" in named and Scope.ADMIN not in key.scopes:
            user_id = analyses.analysis(named["analysis_id"]).request.user_id
            if not key.reaches(user_id):
                # What one that is not there raises: a key cannot ask which ids exist.
                raise NotFoundError(Analyses.NOT_THERE)


def check_user(user_name: str) -> None:
    """Raise ForbiddenError where the request's key does not reach the data of this user."""
    key: ApiKey | None = g.api_key
    if key is not None and not key.reaches(user_name.lower()):
        raise ForbiddenError(
            "This key does not reach the data of that user: it names the users whose data it does."
        )


def _is_open() -> bool:
    # An address that is not served has no endpoint. OPTIONS is what browsers ask of CORS, keyless.
    endpoint = request.endpoint
    return (
        endpoint is None
        or endpoint == "static"
        or request.blueprint == "service"
        or request.method == "OPTIONS"
    )


def _shown() -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("X-API-Key")
