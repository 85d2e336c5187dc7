"""Rules of the queue that every store applies: idempotency keys and lost leases."""

from api.domain.analyses import Analysis, AnalysisRequest, Lease
from api.errors import ConflictError, LeaseLostError


def check_same_request(known: Analysis, request: AnalysisRequest) -> None:
    """Raise ConflictError if an idempotency key was used for another request than this one."""
    if known.request != request:
        raise ConflictError(
            "this idempotency key was used for another request: send the same request again, or "
            "another key"
        )


def lease_lost(lease: Lease) -> LeaseLostError:
    """Return the error of a write whose lease is no longer valid."""
    return LeaseLostError(
        f"this run no longer owns analysis {lease.analysis_id}: it was taken over, ended or "
        "erased; nothing of this write was kept"
    )
