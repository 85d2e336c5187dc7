"""Run waiting analyses in a bounded pool of threads inside the API's own process.

The store is the queue of record: a wake-up only saves the wait until the next look at it. That
look also finds analyses left by a process that died, once their lease has ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class WorkerPool:
    """Keep a number of threads that call run until nothing waits, then sleep.

    run takes the oldest waiting analysis and tells whether there was one; stopping is shared with
    it, so that it can hand work back at shutdown.
    """

    def __init__(
        self,
        run: Callable[[], bool],
        stopping: threading.Event,
        *,
        threads: int,
        poll_seconds: float,
    ) -> None:
        self._run = run
        self._stopping = stopping
        self._poll_seconds = poll_seconds
        self._wake_ups = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._work, name=f"analysis-{n}", daemon=True)
            for n in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Start the threads; they look for waiting analyses at once."""
        for thread in self._threads:
            thread.start()

    def wake(self, analysis_id: str) -> None:
        """Have a thread look at the queue now, because this analysis was added."""
        _log.debug("woken", extra={"analysis_id": analysis_id})
        self._wake_ups.release()

    def begin_stop(self) -> None:
        """Have running analyses hand their leases back, without waiting for it."""
        self._stopping.set()
        self._wake_ups.release(len(self._threads))

    def stop(self, timeout_seconds: float) -> bool:
        """Let running analyses hand their leases back; tell whether all did within the time."""
        self.begin_stop()
        each = timeout_seconds / len(self._threads)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(each)
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._ran():
                self._wake_ups.acquire(timeout=self._poll_seconds)

    def _ran(self) -> bool:
        try:
            return self._run()
        except Exception:  # noqa: BLE001  the boundary of a thread: logged, and tried again
            _log.exception("no analysis could be taken from the queue")
            return False
