"""OpenAPI descriptions of the routes: scope, responses and problems; and look-ups of them.

The look-ups let other modules enforce what the document says, so that the two cannot differ.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_openapi3.models.operation import Operation
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from api.domain.api_keys import Scope
from api.problems import ProblemKind, all_kinds, problem_document

_SCOPES = (
    "An API key, PREFIX.SECRET, where the service asks for one. Each call names the scope that its"
    f" key needs: {', '.join(Scope)}; admin allows every call."
)
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _SCOPES},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _SCOPES},
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

_HEADERS: dict[str, Any] = {
    "Location": {
        "description": "address of what was started, or of the page to go to",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/v1/analyses/0d9f6c1e4b7a4f0c8a5d3e2b1c0f9a8d",
    },
    "Retry-After": {
        "description": "seconds to wait before the call is sent again",
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
    "WWW-Authenticate": {
        "description": "how a key is sent, or which scope this one lacks",
        "schema": {"type": "string"},
        "example": 'Bearer realm="moodline"',
    },
    "X-Request-Id": {
        "description": "id of the request, in the service's log as well: the one that was sent in"
        " this header, or a new one; problem documents have it as trace_id",
        "schema": {"type": "string"},
        "example": "8d3c1f0e5b7a4c2d9e6f1a2b3c4d5e6f",
    },
}
LOCATION = {"Location": {"$ref": "#/components/headers/Location"}}
"""Headers of an answer that names another address."""
_SENT_WITH = {
    401: "WWW-Authenticate",
    403: "WWW-Authenticate",
    429: "Retry-After",
    503: "Retry-After",
}

_PLAIN_TYPES = ("string", "integer", "number", "boolean")
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


def named_by_function(name: str, path: str, method: str) -> str:  # noqa: ARG001  as it is called
    """Return the operation id of a route: the name of its function, whatever its address."""
    return name


def complete_document(document: dict[str, Any], *models: type[BaseModel]) -> None:
    """Add to a generated document what the framework cannot be told route by route.

    That is the header that every answer has, models that no answer's content names, and that a
    parameter is left out rather than null. A value that may be null has a list of two types, since
    some generators of clients make a class of its own of the alternative that is not null.
    """
    document["components"]["headers"] = _HEADERS
    schemas = document["components"]["schemas"]
    for model in models:
        schema = model.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        for name, part in {**schema.pop("$defs", {}), model.__name__: schema}.items():
            schemas.setdefault(name, part)
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            _list_null_as_type(field)
    for operation in _operations_in(document):
        for parameter in operation.get("parameters", ()):
            _leave_out_null(parameter["schema"])
        for answer in operation["responses"].values():
            headers = answer.setdefault("headers", {})
            headers["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}


def _operations_in(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _leave_out_null(schema: dict[str, Any]) -> None:
    kinds = schema.get("anyOf", [])
    others = [kind for kind in kinds if kind.get("type") != "null"]
    if len(others) == 1 and len(others) < len(kinds):
        del schema["anyOf"]
        schema.update(others[0])
        schema.pop("default", None)


def _list_null_as_type(schema: dict[str, Any]) -> None:
    kinds = schema.get("anyOf", [])
    if len(kinds) == 2 and kinds[1] == {"type": "null"} and kinds[0].get("type") in _PLAIN_TYPES:
        del schema["anyOf"]
        schema.update(kinds[0], type=[kinds[0]["type"], "null"])


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
    answer: dict[str, Any] = {
        "description": "; or: ".join(kind.title for kind in kinds),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDocument"},
                "examples": examples,
            }
        },
    }
    sent_with = _SENT_WITH.get(kinds[0].status)
    if sent_with is not None:
        answer["headers"] = {sent_with: {"$ref": f"#/components/headers/{sent_with}"}}
    return answer
