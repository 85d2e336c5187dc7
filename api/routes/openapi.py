"""OpenAPI descriptions of the routes: scope, responses and problems; and look-ups of them.

The look-ups let other modules enforce what the document says, so that the two cannot differ.
"""

from collections.abc import Mapping
from typing import Any

from flask_openapi3.models.operation import Operation
from flask_openapi3.openapi import OpenAPI

from api.domain.api_keys import Scope
from api.problems import ProblemKind, all_kinds, problem_document

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "PREFIX.SECRET of an API key"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
KEYLESS: list[dict[str, list[Any]]] = [{}]
"""Security of a route that browsers are redirected to, without a key: it checks by itself."""

_ANY_CALL = (
    "invalid-request",
    "key-required",
    "not-allowed",
    "misdirected",
    "busy",
    "unexpected",
    "store-unavailable",
)
CHANGES = ("cross-site",)
BODY = (*CHANGES, "payload-too-large", "unsupported-media", "no-room")

_EXAMPLE_TRACE_ID = "8d3c1f0e5b7a4c2d9e6f1a2b3c4d5e6f"


def documented(scope: Scope | None, responses: Mapping[int, Any], *problems: str) -> dict[str, Any]:
    """Return keyword arguments for a route decorator: the scope needed, responses and problems.

    scope is None for a route that needs no key. problems are slugs, in addition to those that any
    call may answer with.
    """
    security = KEYLESS
    if scope is not None:
        security = [{scheme: [scope.value]} for scheme in SECURITY_SCHEMES]
    return {
        "security": security,
        "responses": {**responses, **problem_answers(*_ANY_CALL, *problems)},
    }


def documented_operations(app: OpenAPI) -> dict[str, Operation]:
    """Return the documented operations of an app by endpoint; call it after adding all routes."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = app.paths.get(rule.rule.replace("<", "{").replace(">", "}"))
        for method in rule.methods or ():
            operation = getattr(path, method.lower(), None)
            if operation is not None:
                found[rule.endpoint] = operation
    return found


def problem_answers(*slugs: str) -> dict[str | int, Any]:
    """Return responses, each with an example, for problems of these kinds."""
    known = all_kinds()
    by_status: dict[str | int, list[ProblemKind]] = {}
    for slug in slugs:
        by_status.setdefault(str(known[slug].status), []).append(known[slug])
    return {status: _answer(kinds) for status, kinds in sorted(by_status.items())}


def _answer(kinds: list[ProblemKind]) -> dict[str, Any]:
    examples = {
        kind.slug: {"value": problem_document(kind, kind.about, _EXAMPLE_TRACE_ID)}
        for kind in kinds
    }
    return {
        "description": "; or: ".join(kind.title for kind in kinds),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDocument"},
                "examples": examples,
            }
        },
    }
