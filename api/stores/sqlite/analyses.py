"""Keep analyses: the queue of record, with leases."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from api.domain.analyses import Analysis, Lease, Problem, Progress
from api.errors import LeaseLostError, NotFoundError
from api.stores.idempotency import refuse_another
from api.stores.sqlite.connections import Connections
from api.stores.sqlite.leases import analysis_held
from api.stores.sqlite.matching import set_mood
from api.stores.sqlite.rows import analysis_of, stored_progress, user_key_of
from api.stores.values import stored_json, stored_time

_BY_KEY = (
    "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) WHERE analysis_key = ?"
)
# The states are spelled out, not bound: only so does SQLite see that a partial index serves.
_ACTIVE = "SELECT analysis_key FROM analyses WHERE user_key = ? AND state IN ('queued', 'running')"
_BY_ID = "SELECT analysis_key FROM analyses WHERE analysis_id = ?"
_BY_IDEMPOTENCY_KEY = "SELECT analysis_key FROM analyses WHERE user_key = ? AND idempotency_key = ?"
# A deferred analysis is one that nobody owns and nobody may claim: queued, with a lease_until.
_WAITING = (
    "SELECT analysis_key FROM analyses WHERE analysis_id = ? AND state IN ('queued', 'running') "
    "AND (lease_until IS NULL OR lease_until < ?)"
)
# Those that run are passed over, never more than there are workers, and those deferred.
_OLDEST_WAITING = (
    "SELECT analysis_key FROM analyses WHERE state IN ('queued', 'running') "
    "AND (lease_until IS NULL OR lease_until < ?) ORDER BY created_at, analysis_key LIMIT 1"
)


class AnalysisPart:
    """Be the part of the store that is the AnalysisQueue of api.ports, which says what it does."""

    _connections: Connections

    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        """Queue an analysis, or return the one that stands for it.

        Raises ConflictError, and NotFoundError for an unknown user.
        """
        request = analysis.request
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, request.user_id)
            if idempotency_key is not None:
                same = _one(connection, _BY_IDEMPOTENCY_KEY, (user_key, idempotency_key))
                if same is not None:
                    refuse_another(same, request)
                    return same, False
            active = _one(connection, _ACTIVE, (user_key,))
            if active is not None:
                return active, False
            created = connection.execute(
                "INSERT INTO analyses (analysis_id, user_key, idempotency_key, source, max_posts, "
                "as_of, created_at, source_user) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    analysis.analysis_id,
                    user_key,
                    idempotency_key,
                    request.source,
                    request.max_posts,
                    request.as_of,
                    stored_time(analysis.created_at),
                    request.source_user,
                ),
            )
            return _by_key(connection, created.lastrowid), True

    def analysis(self, analysis_id: str) -> Analysis | None:
        """Return the analysis, or None."""
        with self._connections.reading() as connection:
            row = connection.execute(
                "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) "
                "WHERE analysis_id = ?",
                (analysis_id,),
            ).fetchone()
        return None if row is None else analysis_of(row)

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        """Take an analysis that waits and mark it running, or return None."""
        if self._waiting(analysis_id, now) is None:
            return None  # found without the write lock, which idle workers would fight over
        with self._connections.writing() as connection:
            analysis_key = _waiting_key(connection, analysis_id, now)
            if analysis_key is None:
                return None
            (token,) = connection.execute(
                "UPDATE analyses SET state = 'running', attempt = attempt + 1, token = token + 1, "
                "lease_owner = ?, lease_until = ?, started_at = coalesce(started_at, ?) "
                "WHERE analysis_key = ? RETURNING token",
                (owner, stored_time(until), stored_time(now), analysis_key),
            ).fetchone()
            analysis = _by_key(connection, analysis_key)
        return analysis, Lease(analysis.analysis_id, owner, token, until)

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        """Extend a lease and record progress."""
        with self._connections.writing() as connection:
            held = analysis_held(connection, lease)
            connection.execute(
                "UPDATE analyses SET lease_until = ?, fetched = ?, classified = ?, reused = ?, "
                "total = ?, source_cost = ?, fetch_place = ? WHERE analysis_key = ?",
                (stored_time(until), *stored_progress(progress), held.analysis_key),
            )
        return replace(lease, until=until)

    def finish(
        self,
        lease: Lease,
        *,
        at: datetime,
        progress: Progress,
        mood: str | None,
        result: Mapping[str, Any],
        hashtags: Sequence[str],
    ) -> None:
        """Mark the analysis succeeded, add to the mood history, renew what matching reads."""
        stored_at = stored_time(at)
        with self._connections.writing() as connection:
            held = analysis_held(connection, lease)
            connection.execute(
                "UPDATE analyses SET state = 'succeeded', finished_at = ?, result = ?, "
                "lease_owner = NULL, lease_until = NULL, fetched = ?, classified = ?, "
                "reused = ?, total = ?, source_cost = ?, fetch_place = ? WHERE analysis_key = ?",
                (
                    stored_at,
                    stored_json(dict(result)),
                    *stored_progress(progress),
                    held.analysis_key,
                ),
            )
            connection.execute(
                "INSERT INTO moods (user_key, analysis_key, mood, created_at) VALUES (?, ?, ?, ?)",
                (held.user_key, held.analysis_key, mood, stored_at),
            )
            set_mood(connection, held.user_key, mood, stored_at, hashtags)

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        """Mark the analysis failed."""
        with self._connections.writing() as connection:
            held = analysis_held(connection, lease)
            connection.execute(
                "UPDATE analyses SET state = 'failed', finished_at = ?, problem = ?, "
                "lease_owner = NULL, lease_until = NULL, fetched = ?, classified = ?, "
                "reused = ?, total = ?, source_cost = ?, fetch_place = ? WHERE analysis_key = ?",
                (
                    stored_time(at),
                    stored_json(asdict(problem)),
                    *stored_progress(progress),
                    held.analysis_key,
                ),
            )

    def release(self, lease: Lease) -> None:
        """Put a running analysis back in the queue; a lost lease is ignored."""
        with self._connections.writing() as connection:
            try:
                held = analysis_held(connection, lease)
            except LeaseLostError:
                return
            connection.execute(
                "UPDATE analyses SET state = 'queued', lease_owner = NULL, lease_until = NULL "
                "WHERE analysis_key = ?",
                (held.analysis_key,),
            )

    def defer(self, lease: Lease, until: datetime) -> None:
        """Put a running analysis back in the queue, not to be claimed up to that time."""
        with self._connections.writing() as connection:
            held = analysis_held(connection, lease)
            connection.execute(
                "UPDATE analyses SET state = 'queued', attempt = attempt - 1, lease_owner = NULL, "
                "lease_until = ? WHERE analysis_key = ?",
                (stored_time(until), held.analysis_key),
            )

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
        """Mark an analysis cancelled unless it has ended. Raises NotFoundError."""
        with self._connections.writing() as connection:
            connection.execute(
                "UPDATE analyses SET state = 'cancelled', finished_at = ?, lease_owner = NULL, "
                "lease_until = NULL, fetch_place = NULL "
                "WHERE analysis_id = ? AND state IN ('queued', 'running')",
                (stored_time(at), analysis_id),
            )
            analysis = _one(connection, _BY_ID, (analysis_id,))
        if analysis is None:
            raise NotFoundError(f"there is no analysis {analysis_id!r}")
        return analysis

    def _waiting(self, analysis_id: str | None, now: datetime) -> int | None:
        with self._connections.reading() as connection:
            return _waiting_key(connection, analysis_id, now)


def _waiting_key(
    connection: sqlite3.Connection, analysis_id: str | None, now: datetime
) -> int | None:
    if analysis_id is None:
        row = connection.execute(_OLDEST_WAITING, (stored_time(now),)).fetchone()
    else:
        row = connection.execute(_WAITING, (analysis_id, stored_time(now))).fetchone()
    return None if row is None else int(row["analysis_key"])


def _one(
    connection: sqlite3.Connection, statement: str, parameters: tuple[Any, ...]
) -> Analysis | None:
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else _by_key(connection, row["analysis_key"])


def _by_key(connection: sqlite3.Connection, analysis_key: int | None) -> Analysis:
    return analysis_of(connection.execute(_BY_KEY, (analysis_key,)).fetchone())
