"""A run of an analysis under its lease, and the retry policy of the calls that it makes."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from api.domain.analyses import Analysis, AnalysisState, Lease, Progress
from api.errors import (
    LeaseLostError,
    RetryableError,
    SourceRateLimitedError,
    StoreUnavailableError,
)
from api.ports.analysis_queue import AnalysisQueue
from api.ports.clock import Clock

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_CHECK_SECONDS = 1.0


class HandBack(Exception):  # noqa: N818  not an error: the analysis goes on in another run
    """The run has to end here, and the analysis goes back to the queue."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retries with exponential back-off, within a budget of seconds from the first failure.

    pause waits for a number of seconds, or less if the process is shutting down.
    """

    clock: Clock
    monotonic: Callable[[], float]
    pause: Callable[[float], object]
    budget_seconds: float
    longest_pause_seconds: float

    def call(self, attempt: Callable[[], Answer], *, while_pausing: Callable[[], object]) -> Answer:
        """Return what attempt returns, repeating it after a RetryableError.

        while_pausing is called about once a second of a pause and at its end; it may raise.
        Raises the last error once the next pause would exceed the budget, and a
        SourceRateLimitedError at once: a reset may be far away, so the analysis is deferred.
        """
        pause_seconds = _FIRST_PAUSE_SECONDS
        failing_since: float | None = None
        while True:
            try:
                return attempt()
            except SourceRateLimitedError:
                raise
            except RetryableError as error:
                now = self.monotonic()
                failing_since = now if failing_since is None else failing_since
                pause_seconds = min(pause_seconds, self.longest_pause_seconds)
                if now - failing_since + pause_seconds > self.budget_seconds:
                    raise
                _log.warning("a call failed and is retried: %s", type(error).__name__)
            left = pause_seconds
            while left > 0:
                self.pause(min(left, _CHECK_SECONDS))
                left -= _CHECK_SECONDS
                while_pausing()
            pause_seconds *= 2


@dataclass(slots=True)
class LeasedRun:
    """One run of an analysis: its lease, its progress, and retries that keep the lease alive."""

    queue: AnalysisQueue
    analysis: Analysis
    lease: Lease
    lease_duration: timedelta
    retry: RetryPolicy
    stopping: Callable[[], bool]
    progress: Progress = field(init=False)
    _renewed_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._renewed_at = self.retry.monotonic()
        # What earlier attempts fetched and paid for stays; the rest is counted anew.
        kept = self.analysis.progress
        started_at = self.analysis.started_at or self.analysis.created_at
        waited = max(0.0, (started_at - self.analysis.created_at).total_seconds())
        seconds = replace(kept.seconds, queue=waited)
        self.progress = replace(kept, classified=0, reused=0, total=0, seconds=seconds)

    def report(self, progress: Progress) -> None:
        """Record progress and extend the lease. Raises LeaseLostError."""
        self.progress = progress
        # Later than before even if the clock stands or was set back: each renewal has to show.
        until = max(
            self.retry.clock() + self.lease_duration, self.lease.until + timedelta.resolution
        )
        self._renewed_at = self.retry.monotonic()
        self.lease = self.queue.renew(self.lease, until=until, progress=progress)

    def keep_lease(self) -> None:
        """Extend the lease if a third of it has passed. Raises LeaseLostError."""
        if self.retry.monotonic() - self._renewed_at > self.lease_duration.total_seconds() / 3:
            self.report(self.progress)

    def end_if_stopping(self) -> None:
        """Raise HandBack if the process is shutting down."""
        if self.stopping():
            raise HandBack("the service is shutting down")

    def check(self) -> None:
        """Raise HandBack at shutdown, LeaseLostError if the analysis is another run's or no one's.

        For any thread that waits for something else than the store: it only reads, so that a
        cancelled or erased analysis keeps no thread. A store that cannot be read says nothing.
        """
        self.end_if_stopping()
        try:
            found = self.queue.analysis(self.analysis.analysis_id)
        except StoreUnavailableError:
            return
        running = found is not None and found.state is AnalysisState.RUNNING
        # Each claim counts an attempt.
        if found is None or not running or found.attempt != self.analysis.attempt:
            raise LeaseLostError("the analysis was cancelled, erased or taken over meanwhile")

    def hold(self) -> None:
        """Check, and keep the lease: for a wait of the thread that runs the analysis."""
        self.check()
        self.keep_lease()

    def beside(self, call: Callable[[], Answer]) -> Answer:
        """Return what call returns, which has a thread of its own while this one keeps the lease.

        Raises what the call raises, HandBack at shutdown and LeaseLostError: then nobody waits for
        the call any more, which goes on to its own deadline.
        """
        answer: Future[Answer] = Future()

        def settle() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001  raised where it is waited for
                answer.set_exception(error)

        # In a copy of the context, so that its log lines bear the id of the analysis.
        threading.Thread(target=copy_context().run, args=(settle,), daemon=True).start()
        while not wait([answer], _CHECK_SECONDS).done:
            self.hold()
        return answer.result()

    def retried(self, call: Callable[[], Answer]) -> Answer:
        """Return what call returns, repeated by the retry policy while the lease is kept.

        Raises HandBack at shutdown, LeaseLostError, and the errors of RetryPolicy.call.
        """

        def attempt() -> Answer:
            self.end_if_stopping()
            return call()

        return self.retry.call(attempt, while_pausing=self.hold)
