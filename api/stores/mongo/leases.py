"""Check that a run still owns its analysis."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from api.domain.analyses import AnalysisState, Lease
from api.errors import LeaseLostError
from api.stores.mongo.queries import equal

Document = dict[str, Any]


def held_by(lease: Lease) -> Document:
    """Return the filter of the analysis that the lease holds.

    A lease whose time has passed still holds until another run claims the analysis: it is the
    token that decides, not the clock.
    """
    return equal(
        id=lease.analysis_id,
        state=AnalysisState.RUNNING.value,
        token=lease.token,
        lease_owner=lease.owner,
    )


def analysis_held(database: Database[Document], lease: Lease) -> Document:
    """Return the analysis that the lease holds. Raises LeaseLostError."""
    found = database.analyses.find_one(held_by(lease))
    if found is None:
        raise lost(lease)
    return found


def lost(lease: Lease) -> LeaseLostError:
    """Return the error that says so."""
    return LeaseLostError(
        f"this run no longer owns analysis {lease.analysis_id}: it was taken over, ended or "
        "erased; nothing of this write was kept"
    )
