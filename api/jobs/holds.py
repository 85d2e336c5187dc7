"""When the lease of a worker, or the deferral of an analysis, is over.

A lease is over once this process has seen it unchanged for LEASE_SECONDS of its own monotonic
clock: a worker that lives renews it in time. What the lease says about its end is of no account,
for that is the wall clock of whoever wrote it, which may be ahead, behind, or set anew. A process
that starts therefore waits once for LEASE_SECONDS before it takes over what a dead one left.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from api.domain.analyses import Hold


@dataclass(slots=True)
class HoldWatch:
    """Which holds are over, as seen by one process; thread-safe.

    No deferral is longer than defer_seconds, so one that is seen for longer has a wrong time.
    """

    lease_seconds: float
    defer_seconds: float
    monotonic: Callable[[], float] = time.monotonic
    _first_seen: dict[Hold, float] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def over(self, holds: Iterable[Hold], now: datetime) -> list[Hold]:
        """Return which of all present holds are over."""
        with self._lock:
            seconds = self.monotonic()
            self._first_seen = {hold: self._first_seen.get(hold, seconds) for hold in holds}
            return [
                hold
                for hold, first in self._first_seen.items()
                if self._is_over(hold, now, seconds - first)
            ]

    def _is_over(self, hold: Hold, now: datetime, seen_seconds: float) -> bool:
        if hold.deferred:
            return hold.until < now or seen_seconds >= self.defer_seconds
        return seen_seconds >= self.lease_seconds
