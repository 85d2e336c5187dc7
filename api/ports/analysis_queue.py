"""Name the queue of record: who runs which analysis, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from api.domain.analyses import Analysis, Lease, Problem, Progress


class AnalysisQueue(Protocol):
    """Queue analyses, lease each to one worker at a time, and keep how it ended.

    It is a part of api.ports.store.Store, whose promises about all its methods hold here.
    """

    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        """Queue an analysis; return it and True, or the one that stands for it and False.

        The one that stands for it is the user's analysis made with the same idempotency_key, else
        the one of that user that is queued or running.
        Raises ConflictError where the idempotency_key was used for another request.
        """
        ...

    def analysis(self, analysis_id: str) -> Analysis | None:
        """Return the analysis, or None."""
        ...

    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        """Take the named analysis, or the oldest that waits where None, and mark it running.

        One that waits is queued and not deferred beyond `now`, or running with a lease that ended
        before `now`. Returns None where there is none or another owner holds it.
        """
        ...

    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        """Extend a lease and record progress. Raises LeaseLostError."""
        ...

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
        """Mark the analysis succeeded and add its result to the mood history, in one write.

        hashtags are the user's most used ones, kept for matching friends. Raises LeaseLostError.
        """
        ...

    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        """Mark the analysis failed. Raises LeaseLostError."""
        ...

    def release(self, lease: Lease) -> None:
        """Put a running analysis back in the queue, as at shutdown; a lost lease is ignored."""
        ...

    def defer(self, lease: Lease, until: datetime) -> None:
        """Put a running analysis back in the queue, not to be claimed up to that time.

        The attempt was none, so `attempt` goes back by one; tokens grow all the same. The analysis
        shows the time as waits_until. Raises LeaseLostError.
        """
        ...

    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
        """Mark an analysis cancelled unless it has ended, and return it as it then stands.

        Its progress stays, without the place. A run under way loses its lease, so its next write
        ends it. Raises NotFoundError.
        """
        ...
