"""The queue of record: analyses, their leases with fencing tokens, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    Hold,
    Lease,
    Problem,
    Progress,
)
from api.errors import NotFoundError, StoreUnavailableError
from api.ports.analysis_queue import Failure, Running, Waiting
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, analysis_of, equal
from api.stores.mongo.post_imports import known_user
from api.stores.mongo.users import user_exists
from api.stores.shared_rules import check_key_can_join, check_same_request, lease_lost
from api.stores.values import stored_hashtags, stored_json, stored_time, time_of

_ALWAYS = 0  # waits_from of a queued analysis: any claim may take it
# Below the waits_from of any analysis that is held. A 64-bit integer as they are: MongoDB compares
# integers of different size, the stand-in of the tests does not.
_HELD = 2**32
_MOST_ROUNDS = 20  # each lost to another analysis of the user that was created and ended meanwhile
_NOT_LEASED = {"lease_owner": "", "lease_until": ""}
_NOT_ACTIVE = {"active": "", "waits_from": "", **_NOT_LEASED}
_OLDEST = [("created_at", 1), ("_id", 1)]


class AnalysisPart(StorePart):
    """The queue of record; api.ports.analysis_queue documents the methods."""

    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        request = analysis.request
        with self._connections.using() as database:
            for _ in range(_MOST_ROUNDS):
                user = known_user(database, request.user_id)
                of_user = equal(user_key=user["key"])
                if idempotency_key is not None:
                    by_key = {**of_user, **equal(idempotency_keys=idempotency_key)}
                    same = database.analyses.find_one(by_key)
                    if same is not None:
                        known = analysis_of(same)
                        check_same_request(known, request)
                        return known, False
                active = database.analyses.find_one({**of_user, **equal(active=True)})
                if active is not None:
                    if idempotency_key is None or _joined(
                        database, active, request, idempotency_key
                    ):
                        return analysis_of(active), False
                    continue  # it ended meanwhile, or the key was used for another analysis
                new = _new(analysis, user["key"], idempotency_key)
                try:
                    database.analyses.insert_one(new)
                except DuplicateKeyError:
                    continue  # another was created meanwhile and is returned instead
                if not user_exists(database, request.user_id, user["key"]):
                    database.analyses.delete_one(equal(id=analysis.analysis_id))
                    raise NotFoundError(f"user {request.user_id!r} was erased meanwhile")
                return analysis_of(new), True
        raise StoreUnavailableError(f"analysis {analysis.analysis_id!r} could not be queued")

    def analysis(self, analysis_id: str) -> Analysis | None:
        with self._connections.using() as database:
            found = database.analyses.find_one(equal(id=analysis_id))
        return None if found is None else analysis_of(found)

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        claimable = equal(active=True, waits_from=_ALWAYS)
        if analysis_id is not None:
            claimable.update(equal(id=analysis_id))
        with self._connections.using() as database:
            set_latest_moods(database)
            return _leased(database, claimable, owner=owner, now=now, until=until)

    def holds(self) -> list[Hold]:
        held = {**equal(active=True), "waits_from": {"$gt": _HELD}}
        with self._connections.using() as database:
            found = database.analyses.find(held, {"token": 1, "waits_from": 1, "state": 1})
            return [
                Hold(
                    one["_id"],
                    one["token"],
                    time_of(one["waits_from"]),
                    deferred=one["state"] == AnalysisState.QUEUED,
                )
                for one in found
            ]

    def waiting(self) -> Waiting:
        claimable = equal(active=True, waits_from=_ALWAYS)
        with self._connections.using() as database:
            oldest = database.analyses.find_one(claimable, {"created_at": 1}, sort=_OLDEST)
            if oldest is None:
                return Waiting(0, None)
            analyses = database.analyses.count_documents(claimable)
        return Waiting(max(1, analyses), time_of(oldest["created_at"]))

    def running(self) -> list[Running]:
        held = {**equal(active=True), "waits_from": {"$gt": _HELD}}
        shown = dict.fromkeys(("state", "lease_owner", "waits_from", "started_at", "attempt"), 1)
        with self._connections.using() as database:
            return [
                Running(
                    one["_id"],
                    one["lease_owner"],
                    time_of(one["waits_from"]),
                    time_of(one["started_at"]),
                    one["attempt"],
                )
                for one in database.analyses.find(held, shown)
                if one["state"] == AnalysisState.RUNNING
            ]

    def failures(self, *, since: datetime, limit: int) -> list[Failure]:
        failed = {**equal(state=AnalysisState.FAILED.value), "ended_on": {"$gte": since}}
        shown = {"finished_at": 1, "problem": 1}
        with self._connections.using() as database:
            found = database.analyses.find(failed, shown).sort("ended_on", -1).limit(limit)
            return [
                Failure(one["_id"], time_of(one["finished_at"]), Problem(**one["problem"]))
                for one in found
            ]

    def take_over(
        self, hold: Hold, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        held = equal(
            id=hold.analysis_id,
            active=True,
            token=hold.token,
            state=(AnalysisState.QUEUED if hold.deferred else AnalysisState.RUNNING).value,
            waits_from=stored_time(hold.until),
        )
        with self._connections.using() as database:
            set_latest_moods(database)
            return _leased(database, held, owner=owner, now=now, until=until)

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        ends = stored_time(until)
        self._write(
            lease, {"$set": {"lease_until": ends, "waits_from": ends, "progress": asdict(progress)}}
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
        """Mark the analysis succeeded, which adds to the mood history; then update the user."""
        ended = {
            **_ended(AnalysisState.SUCCEEDED, at, progress),
            "mood": mood,
            "result": stored_json(dict(result)),
            "hashtags": stored_hashtags(hashtags),
            "untold": True,
        }
        found = self._write(lease, {"$set": ended, "$unset": _NOT_ACTIVE})
        with self._connections.using() as database:
            if not _set_latest_mood(database, found):
                raise lease_lost(lease)

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        ended = {**_ended(AnalysisState.FAILED, at, progress), "problem": asdict(problem)}
        self._write(lease, {"$set": ended, "$unset": _NOT_ACTIVE})

    def release(self, lease: Lease) -> None:
        queued = {"state": AnalysisState.QUEUED.value, "waits_from": _ALWAYS}
        with self._connections.using() as database:
            database.analyses.update_one(_leased_by(lease), {"$set": queued, "$unset": _NOT_LEASED})

    def defer(self, lease: Lease, until: datetime) -> None:
        waits = {"state": AnalysisState.QUEUED.value, "waits_from": stored_time(until)}
        self._write(lease, {"$set": waits, "$unset": _NOT_LEASED, "$inc": {"attempt": -1}})

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
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
                _leased_by(lease), change, return_document=ReturnDocument.AFTER
            )
        if found is None:
            raise lease_lost(lease)
        return found


def leased_analysis(database: MongoDatabase, lease: Lease) -> Document:
    """Return the analysis of a valid lease. Raises LeaseLostError."""
    found = database.analyses.find_one(_leased_by(lease))
    if found is None:
        raise lease_lost(lease)
    return found


def _leased_by(lease: Lease) -> Document:
    return equal(
        id=lease.analysis_id,
        state=AnalysisState.RUNNING.value,
        token=lease.token,
        lease_owner=lease.owner,
    )


def _leased(
    database: MongoDatabase, claimable: Document, *, owner: str, now: datetime, until: datetime
) -> tuple[Analysis, Lease] | None:
    """Lease the oldest analysis that the filter finds, unless its user was erased."""
    ends = stored_time(until)
    taken = {"state": AnalysisState.RUNNING.value, "lease_owner": owner}
    while True:
        found = database.analyses.find_one_and_update(
            claimable,
            {
                "$set": {**taken, "lease_until": ends, "waits_from": ends},
                # The time of the first claim stays.
                "$min": {"started_at": stored_time(now)},
                "$inc": {"attempt": 1, "token": 1},
            },
            sort=_OLDEST,
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return None
        if user_exists(database, found["user_id"], found["user_key"]):
            return analysis_of(found), Lease(found["_id"], owner, found["token"], until)
        database.analyses.delete_one(equal(id=found["_id"]))  # its user was erased


def _set_latest_mood(database: MongoDatabase, analysis: Mapping[str, Any]) -> bool:
    """Copy the mood of a finished analysis to the user, unless theirs is newer; idempotent.

    Returns False, and deletes the analysis, if the user was erased.
    """
    at = analysis["finished_at"]
    user = equal(id=analysis["user_id"], key=analysis["user_key"])
    newer = {"$or": [{"mood_at": {"$eq": None}}, {"mood_at": {"$lte": at}}]}
    database.users.update_one(
        {**user, **ALIVE, **newer},
        {"$set": {"mood": analysis["mood"], "mood_at": at, "hashtags": analysis["hashtags"]}},
    )
    if not user_exists(database, analysis["user_id"], analysis["user_key"]):
        database.analyses.delete_one(equal(id=analysis["_id"]))
        return False
    database.analyses.update_one(
        equal(id=analysis["_id"]), {"$unset": {"untold": "", "hashtags": ""}}
    )
    return True


def set_latest_moods(database: MongoDatabase) -> None:
    """Set the latest moods of runs that ended between the two writes of finish."""
    for analysis in database.analyses.find(equal(untold=True)):
        _set_latest_mood(database, analysis)


def _joined(
    database: MongoDatabase, active: Document, request: AnalysisRequest, idempotency_key: str
) -> bool:
    """Let a new key stand for an active analysis, and return whether it does; ConflictError."""
    keys = active.get("idempotency_keys", ())
    check_key_can_join(analysis_of(active), request, len(keys))
    try:
        changed = database.analyses.update_one(
            equal(id=active["_id"], active=True),
            {"$addToSet": {"idempotency_keys": idempotency_key}},
        )
    except DuplicateKeyError:
        return False
    return bool(changed.matched_count)


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
        document["idempotency_keys"] = [idempotency_key]
    return document


def _ended(state: AnalysisState, at: datetime, progress: Progress) -> Document:
    return {
        "state": state.value,
        "finished_at": stored_time(at),
        "ended_on": at,
        "progress": asdict(progress),
    }
