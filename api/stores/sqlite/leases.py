"""Check that a run still owns its analysis, inside the transaction that its write belongs to."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from api.domain.analyses import Lease
from api.errors import LeaseLostError


@dataclass(frozen=True, slots=True)
class HeldAnalysis:
    """Hold the keys of an analysis that a lease gives the right to write."""

    analysis_key: int
    user_key: int


def analysis_held(connection: sqlite3.Connection, lease: Lease) -> HeldAnalysis:
    """Return the keys of the analysis that the lease holds.

    A lease whose time has passed still holds until another run claims the analysis: it is the
    token that decides, not the clock. Raises LeaseLostError.
    """
    row = connection.execute(
        "SELECT analysis_key, user_key FROM analyses WHERE analysis_id = ? "
        "AND state = 'running' AND token = ? AND lease_owner = ?",
        (lease.analysis_id, lease.token, lease.owner),
    ).fetchone()
    if row is None:
        raise LeaseLostError(
            f"this run no longer owns analysis {lease.analysis_id}: it was taken over, ended or "
            "erased; nothing of this write was kept"
        )
    return HeldAnalysis(analysis_key=row["analysis_key"], user_key=row["user_key"])
