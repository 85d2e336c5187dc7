"""Keep the lease of a running analysis alive while its progress grows."""

from __future__ import annotations

from datetime import timedelta

from api.domain.analyses import Lease, Progress
from api.ports.analysis_queue import AnalysisQueue
from api.ports.clock import Clock


class HeldLease:
    """Hold a lease together with the progress that it reports."""

    def __init__(
        self,
        queue: AnalysisQueue,
        clock: Clock,
        lease: Lease,
        progress: Progress,
        duration: timedelta,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._duration = duration
        self.lease = lease
        self.progress = progress

    def report(self, progress: Progress) -> None:
        """Record progress and extend the lease. Raises LeaseLostError."""
        self.progress = progress
        until = self._clock() + self._duration
        self.lease = self._queue.renew(self.lease, until=until, progress=progress)

    def keep(self) -> None:
        """Extend the lease where a third of it has passed. Raises LeaseLostError."""
        if self.lease.until - self._clock() < self._duration * 2 / 3:
            self.report(self.progress)
