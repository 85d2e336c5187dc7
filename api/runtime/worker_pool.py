"""Pool of worker threads that run queued analyses, and sweep the store between them.

The store is the queue of record: a wake-up only shortens the wait until the next poll. A poll also
finds analyses of a process that died, once their lease has expired.
"""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class WorkerPool:
    """Threads that call run until nothing is queued, then sleep until a wake-up or the next poll.

    run runs the oldest queued analysis and returns whether there was one. sweep is called before
    each run and does what of the retention sweep is due. stopping is shared with
    the runner, so that it can hand its lease back at shutdown.
    """

    def __init__(
        self,
        run: Callable[[], bool],
        stopping: threading.Event,
        *,
        sweep: Callable[[], None],
        threads: int,
        poll_seconds: float,
    ) -> None:
        self._run = run
        self._sweep = sweep
        self._stopping = stopping
        self._poll_seconds = poll_seconds
        self._wake_ups = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._work, name=f"analysis-{n}", daemon=True)
            for n in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Start the threads; they look for queued analyses at once."""
        for thread in self._threads:
            thread.start()

    def wake(self, analysis_id: str) -> None:
        """Wake a thread, because this analysis was queued."""
        _log.debug("woken", extra={"analysis_id": analysis_id})
        self._wake_ups.release()

    def begin_stop(self) -> None:
        """Ask running analyses and open event streams to end, without waiting for them."""
        self._stopping.set()
        self._wake_ups.release(len(self._threads))

    def stop(self, timeout_seconds: float) -> bool:
        """Wait for running analyses to hand their leases back; return whether all did in time."""
        self.begin_stop()
        each = timeout_seconds / len(self._threads)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(each)
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._sweep()
                ran = self._run()
            except Exception:  # noqa: BLE001  the boundary of a thread: logged, and tried again
                _log.exception("no analysis could be taken from the queue")
                ran = False
            if not ran:
                self._wake_ups.acquire(timeout=self._poll_seconds)
