"""Say in the OpenAPI document which problems a call may answer with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.problems import ProblemKind, all_kinds

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


def problem_answers(*slugs: str) -> dict[str | int, Any]:
    """Return the problems of these kinds, and of those that any call with a key may meet.

    Each kind has an example.
    """
    return _answers((*_ANY_CALL, *slugs))


def keyless_answers() -> dict[str | int, Any]:
    """Return the problems that a call about the service itself may meet."""
    return _answers(("invalid-request", "misdirected", "unexpected"))


def _answers(slugs: Iterable[str]) -> dict[str | int, Any]:
    known = all_kinds()
    by_status: dict[str | int, list[ProblemKind]] = {}
    for slug in slugs:
        by_status.setdefault(str(known[slug].status), []).append(known[slug])
    return {status: _answer(kinds) for status, kinds in sorted(by_status.items())}


def _answer(kinds: list[ProblemKind]) -> dict[str, Any]:
    return {
        "description": "; or: ".join(kind.title for kind in kinds),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDocument"},
                "examples": {kind.slug: {"value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: ProblemKind) -> dict[str, Any]:
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.about,
        "trace_id": "8d3c1f0e5b7a4c2d9e6f1a2b3c4d5e6f",
        "errors": [],
    }
