"""Define the problem document (RFC 9457), which every refusal is."""

from __future__ import annotations

from pydantic import BaseModel


class FieldErrorDocument(BaseModel):
    """Name one fault: where it is and what it is."""

    where: str
    reason: str


class ProblemDocument(BaseModel):
    """Say what went wrong (RFC 9457); type is stable and answers with an explanation."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None
    errors: list[FieldErrorDocument]
