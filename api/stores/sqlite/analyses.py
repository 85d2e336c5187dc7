"""The queue of record: analyses, their leases with fencing tokens, and their results."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    Hold,
    Lease,
    Problem,
    Progress,
)
from api.errors import LeaseLostError, NotFoundError
from api.ports.analysis_queue import Failure, Running, Waiting
from api.stores.shared_rules import check_key_can_join, check_same_request, lease_lost
from api.stores.sqlite.connections import StorePart
from api.stores.sqlite.users import user_key_of
from api.stores.values import (
    optional_time_of,
    read_analysis,
    stored_hashtags,
    stored_json,
    stored_time,
    time_of,
)

_ANALYSES = "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) WHERE"
_BY_KEY = f"{_ANALYSES} analysis_key = ?"
# States are literals, not parameters: only then does SQLite see that a partial index serves.
_ACTIVE = f"{_ANALYSES} user_key = ? AND state IN ('queued', 'running')"
_BY_ID = f"{_ANALYSES} analysis_id = ?"
_OF_KEY = "SELECT analysis_key FROM idempotency_keys WHERE user_key = ? AND idempotency_key = ?"
_BY_IDEMPOTENCY_KEY = f"{_ANALYSES} analysis_key = ({_OF_KEY})"
_ADD_KEY = "INSERT INTO idempotency_keys VALUES (?, ?, ?)"
_COUNT_KEYS = "SELECT count(*) FROM idempotency_keys WHERE analysis_key = ?"
# A deferred analysis is queued, without an owner, and has a lease_until.
_CLAIMABLE = (
    "SELECT analysis_key FROM analyses WHERE analysis_id = ? AND state = 'queued' "
    "AND lease_until IS NULL"
)
# It skips deferred analyses, and running ones, of which there are no more than workers.
_OLDEST_CLAIMABLE = (
    "SELECT analysis_key FROM analyses WHERE state IN ('queued', 'running') "
    "AND lease_until IS NULL ORDER BY created_at, analysis_key LIMIT 1"
)
_WAITING = (
    "SELECT count(*), min(created_at) FROM analyses WHERE state IN ('queued', 'running') "
    "AND lease_until IS NULL"
)
_HOLDS = "SELECT analysis_id, token, lease_until, state FROM analyses WHERE lease_until IS NOT NULL"
_RUNNING = (
    "SELECT analysis_id, lease_owner, lease_until, started_at, attempt FROM analyses "
    "WHERE lease_until IS NOT NULL AND state = 'running'"
)
_FAILED = (
    "SELECT analysis_id, finished_at, problem FROM analyses "
    "WHERE finished_at >= ? AND state = 'failed' ORDER BY finished_at DESC LIMIT ?"
)
_HELD = (
    "SELECT analysis_key FROM analyses "
    "WHERE analysis_id = ? AND token = ? AND lease_until = ? AND state = ?"
)
_PROGRESS = (
    "fetched = ?, classified = ?, reused = ?, total = ?, source_cost = ?, fetch_place = ?, "
    "stage_seconds = ? "
    "WHERE analysis_key = ?"
)
_RENEW = f"UPDATE analyses SET lease_until = ?, {_PROGRESS}"  # noqa: S608  constants only
_END = (
    "UPDATE analyses SET state = ?, finished_at = ?, result = ?, "  # noqa: S608  constants only
    f"problem = ?, lease_owner = NULL, lease_until = NULL, {_PROGRESS}"
)


class AnalysisPart(StorePart):
    """The queue of record; api.ports.analysis_queue documents the methods."""

    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        request = analysis.request
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, request.user_id)
            if idempotency_key is not None:
                same = _one(connection, _BY_IDEMPOTENCY_KEY, (user_key, idempotency_key))
                if same is not None:
                    check_same_request(same, request)
                    return same, False
            active = connection.execute(_ACTIVE, (user_key,)).fetchone()
            if active is not None:
                if idempotency_key is not None:
                    _join(connection, active, request, idempotency_key)
                return analysis_of(active), False
            connection.execute(
                "INSERT INTO analyses (analysis_id, user_key, source, max_posts, as_of, "
                "created_at, source_user) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    analysis.analysis_id,
                    user_key,
                    request.source,
                    request.max_posts,
                    request.as_of,
                    stored_time(analysis.created_at),
                    request.source_user,
                ),
            )
            row = connection.execute(_BY_ID, (analysis.analysis_id,)).fetchone()
            if idempotency_key is not None:
                connection.execute(_ADD_KEY, (user_key, idempotency_key, row["analysis_key"]))
        return analysis_of(row), True

    def analysis(self, analysis_id: str) -> Analysis | None:
        with self._connections.reading() as connection:
            return _one(connection, _BY_ID, (analysis_id,))

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        with self._connections.reading() as connection:
            if _claimable(connection, analysis_id) is None:
                return None  # found without the write lock, so idle workers do not compete for it
        with self._connections.writing() as connection:
            analysis_key = _claimable(connection, analysis_id)
            return _leased(connection, analysis_key, owner=owner, now=now, until=until)

    def holds(self) -> list[Hold]:
        return [
            Hold(analysis_id, token, time_of(until), deferred=state == AnalysisState.QUEUED)
            for analysis_id, token, until, state in self._rows(_HOLDS)
        ]

    def waiting(self) -> Waiting:
        ((analyses, oldest),) = self._rows(_WAITING)
        return Waiting(analyses, optional_time_of(oldest))

    def running(self) -> list[Running]:
        return [
            Running(analysis_id, owner, time_of(until), time_of(started), attempt)
            for analysis_id, owner, until, started, attempt in self._rows(_RUNNING)
        ]

    def failures(self, *, since: datetime, limit: int) -> list[Failure]:
        return [
            Failure(analysis_id, time_of(at), Problem(**json.loads(problem)))
            for analysis_id, at, problem in self._rows(_FAILED, stored_time(since), limit)
        ]

    def take_over(
        self, hold: Hold, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        state = AnalysisState.QUEUED if hold.deferred else AnalysisState.RUNNING
        held = (hold.analysis_id, hold.token, stored_time(hold.until), state)
        with self._connections.writing() as connection:
            row = connection.execute(_HELD, held).fetchone()
            analysis_key = None if row is None else int(row["analysis_key"])
            return _leased(connection, analysis_key, owner=owner, now=now, until=until)

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        with self._connections.writing() as connection:
            analysis_key, _ = leased_keys(connection, lease)
            values = (stored_time(until), *_stored_progress(progress), analysis_key)
            connection.execute(_RENEW, values)
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
        ended, stored = stored_time(at), _stored_progress(progress)
        with self._connections.writing() as connection:
            analysis_key, user_key = leased_keys(connection, lease)
            values = (AnalysisState.SUCCEEDED, ended, stored_json(dict(result)), None)
            connection.execute(_END, (*values, *stored, analysis_key))
            connection.execute(
                "INSERT INTO moods (user_key, analysis_key, mood, created_at) VALUES (?, ?, ?, ?)",
                (user_key, analysis_key, mood, ended),
            )
            # The mood and hashtags by which the user is matched with friends.
            (matchable,) = connection.execute(
                "UPDATE users SET mood = ?, mood_at = ? WHERE user_key = ? RETURNING matchable",
                (mood, ended, user_key),
            ).fetchone()
            connection.execute("DELETE FROM user_hashtags WHERE user_key = ?", (user_key,))
            connection.executemany(
                "INSERT INTO user_hashtags (user_key, hashtag, position, mood, mood_at, matchable) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (user_key, hashtag, position, mood, ended, matchable)
                    for position, hashtag in enumerate(stored_hashtags(hashtags))
                ],
            )

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        with self._connections.writing() as connection:
            analysis_key, _ = leased_keys(connection, lease)
            values = (AnalysisState.FAILED, stored_time(at), None, stored_json(asdict(problem)))
            connection.execute(_END, (*values, *_stored_progress(progress), analysis_key))

    def release(self, lease: Lease) -> None:
        with self._connections.writing() as connection:
            try:
                analysis_key, _ = leased_keys(connection, lease)
            except LeaseLostError:
                return
            connection.execute(
                "UPDATE analyses SET state = 'queued', lease_owner = NULL, lease_until = NULL "
                "WHERE analysis_key = ?",
                (analysis_key,),
            )

    def defer(self, lease: Lease, until: datetime) -> None:
        with self._connections.writing() as connection:
            analysis_key, _ = leased_keys(connection, lease)
            connection.execute(
                "UPDATE analyses SET state = 'queued', attempt = attempt - 1, lease_owner = NULL, "
                "lease_until = ? WHERE analysis_key = ?",
                (stored_time(until), analysis_key),
            )

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
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


def leased_keys(connection: sqlite3.Connection, lease: Lease) -> tuple[int, int]:
    """Return analysis_key and user_key of a validly leased analysis. Raises LeaseLostError."""
    row = connection.execute(
        "SELECT analysis_key, user_key FROM analyses WHERE analysis_id = ? "
        "AND state = 'running' AND token = ? AND lease_owner = ?",
        (lease.analysis_id, lease.token, lease.owner),
    ).fetchone()
    if row is None:
        raise lease_lost(lease)
    return row["analysis_key"], row["user_key"]


def _join(
    connection: sqlite3.Connection,
    active: sqlite3.Row,
    request: AnalysisRequest,
    idempotency_key: str,
) -> None:
    """Let a new key stand for an active analysis. Raises ConflictError."""
    (keys,) = connection.execute(_COUNT_KEYS, (active["analysis_key"],)).fetchone()
    check_key_can_join(analysis_of(active), request, keys)
    connection.execute(_ADD_KEY, (active["user_key"], idempotency_key, active["analysis_key"]))


def analysis_of(row: sqlite3.Row) -> Analysis:
    """Read an analysis from a row of analyses joined with its user_id."""
    fields = dict(row)
    return read_analysis(
        fields["analysis_id"],
        fields,
        progress={
            **{name: fields[name] for name in ("fetched", "classified", "reused", "total")},
            "source_cost": _json_of(fields["source_cost"]),
            "place": _json_of(fields["fetch_place"]),
            "seconds": _json_of(fields["stage_seconds"]),
        },
        problem=_json_of(fields["problem"]),
        waits_until=fields["lease_until"] if fields["state"] == AnalysisState.QUEUED else None,
    )


def _json_of(stored: str | None) -> Any:
    return None if stored is None else json.loads(stored)


def _stored_progress(progress: Progress) -> tuple[int | str | None, ...]:
    """Return the values of _PROGRESS."""
    cost, position = progress.source_cost, progress.place
    return (
        progress.fetched,
        progress.classified,
        progress.reused,
        progress.total,
        None if cost is None else stored_json(asdict(cost)),
        None if position is None else stored_json(asdict(position)),
        stored_json(asdict(progress.seconds)),
    )


def _claimable(connection: sqlite3.Connection, analysis_id: str | None) -> int | None:
    if analysis_id is None:
        row = connection.execute(_OLDEST_CLAIMABLE).fetchone()
    else:
        row = connection.execute(_CLAIMABLE, (analysis_id,)).fetchone()
    return None if row is None else int(row["analysis_key"])


def _leased(
    connection: sqlite3.Connection,
    analysis_key: int | None,
    *,
    owner: str,
    now: datetime,
    until: datetime,
) -> tuple[Analysis, Lease] | None:
    if analysis_key is None:
        return None
    (token,) = connection.execute(
        "UPDATE analyses SET state = 'running', attempt = attempt + 1, token = token + 1, "
        "lease_owner = ?, lease_until = ?, started_at = coalesce(started_at, ?) "
        "WHERE analysis_key = ? RETURNING token",
        (owner, stored_time(until), stored_time(now), analysis_key),
    ).fetchone()
    row = connection.execute(_BY_KEY, (analysis_key,)).fetchone()
    return analysis_of(row), Lease(row["analysis_id"], owner, token, until)


def _one(
    connection: sqlite3.Connection, statement: str, parameters: tuple[Any, ...]
) -> Analysis | None:
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else analysis_of(row)
