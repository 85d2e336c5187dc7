"""Say in the OpenAPI document which problems a call may answer with."""

from __future__ import annotations

from typing import Any

from api.problems import ProblemKind, all_kinds

EVERY_CALL = (400, 401, 403, 421, 429, 500, 503)
"""What any call under /v1 may answer: request, key, host, rate, and faults behind the service."""


def problem_answers(*statuses: int) -> dict[str | int, Any]:
    """Return the problem documents of these statuses, each kind with an example."""
    kinds = [kind for kind in all_kinds().values() if kind.status in statuses]
    return {
        str(status): _answer([kind for kind in kinds if kind.status == status])
        for status in statuses
    }


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
