"""What the OpenAPI document says of the calls: the problems each may answer with, and look-ups.

The look-ups let other modules enforce what the document says, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_openapi3.models.operation import Operation
from flask_openapi3.openapi import OpenAPI

from api.problems import ProblemKind, all_kinds, problem_document

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
BODY = (*CHANGES, "payload-too-large", "unsupported-media")

_EXAMPLE_TRACE_ID = "8d3c1f0e5b7a4c2d9e6f1a2b3c4d5e6f"


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
    """Return responses for problems of these kinds and of those that any call with a key may meet.

    Each kind has an example.
    """
    return _answers((*_ANY_CALL, *slugs))


def keyless_answers() -> dict[str | int, Any]:
    """Return responses for the problems of calls that need no key."""
    return _answers(("invalid-request", "misdirected", "unexpected"))


def _answers(slugs: Iterable[str]) -> dict[str | int, Any]:
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
