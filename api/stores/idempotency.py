"""The rule of idempotency keys: one key, one request."""

from __future__ import annotations

from api.domain.analyses import Analysis, AnalysisRequest
from api.errors import ConflictError


def refuse_another(known: Analysis, request: AnalysisRequest) -> None:
    """Raise ConflictError where `known`, which a key stands for, was made for another request."""
    if known.request != request:
        raise ConflictError(
            "this idempotency key was used for another request: send the same request again, or "
            "another key"
        )
