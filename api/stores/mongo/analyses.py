"""Keep analyses: the queue of record, with leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.domain.analyses import Analysis, AnalysisState, Lease, Problem, Progress
from api.errors import NotFoundError, StoreUnavailableError
from api.stores.idempotency import refuse_another
from api.stores.mongo.connections import Connections
from api.stores.mongo.documents import analysis_of
from api.stores.mongo.erasure import is_alive
from api.stores.mongo.leases import held_by, lost
from api.stores.mongo.matching import tell_user, tell_users
from api.stores.mongo.queries import equal
from api.stores.mongo.users import user_known
from api.stores.values import stored_json, stored_text, stored_time

Document = dict[str, Any]

_ALWAYS = 0  # waits_from of what is queued: any claim may take it
_MOST_ROUNDS = 20  # each lost to another analysis of the user that was made, and ended, meanwhile
_NOT_HELD = {"lease_owner": "", "lease_until": ""}
_NOT_ACTIVE = {"active": "", "waits_from": "", **_NOT_HELD}
_OLDEST = [("created_at", 1), ("_id", 1)]


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
        with self._connections.using() as database:
            for _ in range(_MOST_ROUNDS):
                user = user_known(database, request.user_id)
                of_user = equal(user_key=user["key"])
                if idempotency_key is not None:
                    by_key = {**of_user, **equal(idempotency_key=idempotency_key)}
                    same = database.analyses.find_one(by_key)
                    if same is not None:
                        known = analysis_of(same)
                        refuse_another(known, request)
                        return known, False
                active = database.analyses.find_one({**of_user, **equal(active=True)})
                if active is not None:
                    return analysis_of(active), False
                new = _new(analysis, user["key"], idempotency_key)
                try:
                    database.analyses.insert_one(new)
                except DuplicateKeyError:
                    continue  # another was faster, and stands for this one
                if not is_alive(database, request.user_id, user["key"]):
                    database.analyses.delete_one(equal(id=analysis.analysis_id))
                    raise NotFoundError(f"user {request.user_id!r} was erased meanwhile")
                return analysis_of(new), True
        raise StoreUnavailableError(f"analysis {analysis.analysis_id!r} could not be queued")

    def analysis(self, analysis_id: str) -> Analysis | None:
        """Return the analysis, or None."""
        with self._connections.using() as database:
            found = database.analyses.find_one(equal(id=analysis_id))
        return None if found is None else analysis_of(found)

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        """Take an analysis that waits and mark it running, or return None."""
        waiting = {**equal(active=True), "waits_from": {"$lt": stored_time(now)}}
        if analysis_id is not None:
            waiting.update(equal(id=analysis_id))
        ends = stored_time(until)
        taken = {"state": AnalysisState.RUNNING.value, "lease_owner": owner}
        with self._connections.using() as database:
            tell_users(database)
            while True:
                found = database.analyses.find_one_and_update(
                    waiting,
                    {
                        "$set": {**taken, "lease_until": ends, "waits_from": ends},
                        "$min": {"started_at": stored_time(now)},  # the first claim's stays
                        "$inc": {"attempt": 1, "token": 1},
                    },
                    sort=_OLDEST,
                    return_document=ReturnDocument.AFTER,
                )
                if found is None:
                    return None
                if is_alive(database, found["user_id"], found["user_key"]):
                    return analysis_of(found), Lease(found["_id"], owner, found["token"], until)
                database.analyses.delete_one(equal(id=found["_id"]))  # of someone erased

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        """Extend a lease and record progress."""
        ends = stored_time(until)
        self._write(
            lease,
            {"$set": {"lease_until": ends, "waits_from": ends, "progress": asdict(progress)}},
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
        """Mark the analysis succeeded, which adds to the mood history; then tell the user of it."""
        ended = {
            **_ended(AnalysisState.SUCCEEDED, at, progress),
            "mood": mood,
            "result": stored_json(dict(result)),
            "hashtags": list(dict.fromkeys(map(stored_text, hashtags))),
            "untold": True,
        }
        found = self._write(lease, {"$set": ended, "$unset": _NOT_ACTIVE})
        with self._connections.using() as database:
            if not tell_user(database, found):
                raise lost(lease)

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        """Mark the analysis failed."""
        ended = {**_ended(AnalysisState.FAILED, at, progress), "problem": asdict(problem)}
        self._write(lease, {"$set": ended, "$unset": _NOT_ACTIVE})

    def release(self, lease: Lease) -> None:
        """Put a running analysis back in the queue; a lost lease is ignored."""
        queued = {"state": AnalysisState.QUEUED.value, "waits_from": _ALWAYS}
        with self._connections.using() as database:
            database.analyses.update_one(held_by(lease), {"$set": queued, "$unset": _NOT_HELD})

    def defer(self, lease: Lease, until: datetime) -> None:
        """Put a running analysis back in the queue until a time; the attempt was none."""
        waits = {"state": AnalysisState.QUEUED.value, "waits_from": stored_time(until)}
        self._write(lease, {"$set": waits, "$unset": _NOT_HELD, "$inc": {"attempt": -1}})

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
        """Mark an analysis cancelled unless it has ended, and return it."""
        ended = {
            "state": AnalysisState.CANCELLED.value,
            "finished_at": stored_time(at),
            "ended_on": at,
            "progress.place": None,
        }
        with self._connections.using() as database:
            database.analyses.update_one(
                equal(id=analysis_id, active=True), {"$set": ended, "$unset": _NOT_ACTIVE}
            )
            found = database.analyses.find_one(equal(id=analysis_id))
        if found is None:
            raise NotFoundError(f"there is no analysis {analysis_id!r}")
        return analysis_of(found)

    def _write(self, lease: Lease, change: Document) -> Document:
        with self._connections.using() as database:
            found = database.analyses.find_one_and_update(
                held_by(lease), change, return_document=ReturnDocument.AFTER
            )
        if found is None:
            raise lost(lease)
        return found


def _new(analysis: Analysis, user_key: str, idempotency_key: str | None) -> Document:
    document = {
        "_id": analysis.analysis_id,
        "user_key": user_key,
        **asdict(analysis.request),
        "created_at": stored_time(analysis.created_at),
        "state": AnalysisState.QUEUED.value,
        "progress": asdict(Progress()),
        "attempt": 0,
        "token": 0,
        "active": True,
        "waits_from": _ALWAYS,
    }
    if idempotency_key is not None:
        document["idempotency_key"] = idempotency_key
    return document


def _ended(state: AnalysisState, at: datetime, progress: Progress) -> Document:
    return {
        "state": state.value,
        "finished_at": stored_time(at),
        "ended_on": at,
        "progress": asdict(progress),
    }
