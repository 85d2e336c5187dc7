"""Port for the queue of record: analyses that wait, run under a lease, and have ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api.domain.analyses import Analysis, Hold, Lease, Problem, Progress


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue as a worker finds it: analyses to claim, and when the oldest was asked for.

    Deferred analyses are not in it. oldest is None in an empty queue.
    """

    analyses: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Running:
    """An analysis that a worker has leased: which worker, until when, and since when it runs."""

    analysis_id: str
    owner: str
    until: datetime
    started_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An analysis that failed."""

    analysis_id: str
    at: datetime
    problem: Problem


class AnalysisQueue(Protocol):
    """The queue of record: queues analyses, leases each to one worker, stores how it ended.

    It is a part of Store, whose guarantees apply to these methods. An expired lease is valid until
    another run takes the analysis over: the fencing token decides, not the clock.
    """

    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        """Queue an analysis and return it and True, or an existing one and False.

        The existing one is the user's analysis that the idempotency_key stands for, else the
        user's queued or running one. From then on the key stands for the analysis returned, for as
        long as that is stored: a key is the user's and belongs to one request. Raises
        IdempotencyKeyReusedError if it was used for another request, ConflictError if the queued or
        running analysis was asked for differently, or has too many keys; without a key such an
        analysis is returned.
        """

    def analysis(self, analysis_id: str) -> Analysis | None:
        """Return the analysis, or None."""

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        """Lease the named analysis, or the oldest claimable one for None, and mark it running.

        Claimable is one that is queued and not deferred. Returns None if there is none.
        """

    def holds(self) -> list[Hold]:
        """Return the leases of all running analyses and the deferrals of all queued ones."""

    def take_over(
        self, hold: Hold, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        """Lease an analysis whose lease or deferral is over, and mark it running.

        The caller decides that it is over. Returns None if the hold has changed or ended since.
        """

    def waiting(self) -> Waiting:
        """Return how many analyses any worker could claim now, and since when the oldest waits."""

    def running(self) -> list[Running]:
        """Return the analyses that workers have leased, whether the leases have expired or not."""

    def failures(self, *, since: datetime, limit: int) -> list[Failure]:
        """Return up to `limit` analyses that failed at a time or later, newest first."""

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        """Extend a lease and record progress. Raises LeaseLostError."""

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
        """Mark the analysis succeeded and add its result to the mood history, atomically.

        hashtags are the user's most used ones, for matching friends. Raises LeaseLostError.
        """

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        """Mark the analysis failed. Raises LeaseLostError."""

    def release(self, lease: Lease) -> None:
        """Put a running analysis back in the queue, as at shutdown; a lost lease is ignored."""

    def defer(self, lease: Lease, until: datetime) -> None:
        """Put a running analysis back in the queue, not claimable before that time.

        The attempt does not count: `attempt` decreases by one, fencing tokens still grow. The
        analysis shows the time as waits_until. Raises LeaseLostError.
        """

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
        """Mark an analysis cancelled unless it has ended, and return its state then.

        Its progress stays, without the position of the fetch. A running analysis loses its lease,
        so the next write of the run fails. Raises NotFoundError.
        """
