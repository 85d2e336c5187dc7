"""Use cases of analyses: start, read, cancel, follow, wait for the result, give feedback."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from api.domain.analyses import IMPORTED, WORDS_VERSION, Analysis, AnalysisRequest, AnalysisState
from api.domain.mood.moods import Mood
from api.domain.mood.results import InvalidAsOfError, resolve_as_of
from api.errors import (
    AnalysisFailedError,
    BusyError,
    ConflictError,
    ConsentRequiredError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
)
from api.failpoints import failpoint
from api.ports.clock import Clock
from api.ports.store import Store
from api.services.sources import Sources
from api.services.users import valid_user_id

_LONGEST_KEY = 200
_OPEN_CALL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class LongCalls:
    """Limits of the calls that stay open while an analysis runs; times are in seconds.

    monotonic returns the seconds of a clock that never jumps. wait pauses for a number of seconds
    and returns whether the process is shutting down.
    """

    wait: Callable[[float], bool]
    at_once: int = 12
    per_caller: int = 6
    longest: float = 600.0
    poll: float = 0.3
    heartbeat: float = 10.0
    monotonic: Callable[[], float] = time.monotonic


class Analyses:
    """Use cases of analyses.

    wake notifies a worker of a queued analysis; count is called with each state reached here.
    """

    NOT_THERE = "There is no analysis of that id; it may have been erased."

    def __init__(
        self,
        store: Store,
        clock: Clock,
        wake: Callable[[str], None],
        new_id: Callable[[], str],
        count: Callable[[str], None],
        *,
        sources: Sources,
        long_calls: LongCalls,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._new_id = new_id
        self._count = count
        self._sources = sources
        self._long_calls = long_calls
        self._open: Counter[str] = Counter()
        self._open_lock = threading.Lock()

    def start(
        self, request: AnalysisRequest, *, consent: bool, idempotency_key: str | None = None
    ) -> tuple[Analysis, bool]:
        """Queue an analysis; return it and True, or the one that already stands for it and False.

        request.user_id may be a user name as typed. Raises InvalidRequestError,
        ConsentRequiredError without consent, SourceNotConfiguredError, NotOwnAccountError, and for
        an idempotency key IdempotencyKeyReusedError if it belongs to another request, and
        ConflictError if an analysis that was asked for differently is queued or running.
        """
        user_name = request.user_id
        request = replace(request, user_id=valid_user_id(user_name))
        if faults := self._faults(request, idempotency_key):
            raise InvalidRequestError("The analysis cannot be started as asked.", faults)
        if not consent:
            raise ConsentRequiredError(
                "An analysis reads how a person's posts have felt, so the person has to agree."
                ' Send "consent": true where the posts are your own.'
            )
        if request.source != IMPORTED:
            request = self._sources.admitted(request)
        now = self._clock()
        user = self._store.ensure_user(request.user_id, user_name, now)
        if user.consented_at is None:
            self._store.set_consent(user.user_id, now, words=WORDS_VERSION)
        analysis, new = self._store.create_analysis(
            Analysis(self._new_id(), request, now), idempotency_key=idempotency_key
        )
        failpoint("after-accept")
        if new:
            self._count(analysis.state.value)
            self._wake(analysis.analysis_id)
        return analysis, new

    def analysis(self, analysis_id: str) -> Analysis:
        """Return the analysis. Raises NotFoundError."""
        analysis = self._store.analysis(analysis_id)
        if analysis is None:
            raise NotFoundError(self.NOT_THERE)
        return analysis

    def cancel(self, analysis_id: str) -> Analysis:
        """Cancel an analysis and return it; its classifications stay in the store.

        Raises NotFoundError, and ConflictError if it has succeeded or failed.
        """
        before = self.analysis(analysis_id)
        analysis = self._store.cancel(analysis_id, self._clock())
        if analysis.state is not AnalysisState.CANCELLED:
            raise ConflictError(f"The analysis has {analysis.state.value} already.")
        if not before.state.terminal:
            self._count(analysis.state.value)
        return analysis

    def events(self, analysis_id: str, caller: str) -> Generator[Analysis | None, None, None]:
        """Yield the analysis now and at each change until it is terminal or erased.

        None is a heartbeat: nothing changed for a while. caller is the key or address that asks.
        Raises NotFoundError, and BusyError if too many calls are open already, in all or of it.
        """
        stream = self._changes(self.analysis(analysis_id), caller)
        # Up to its first yield the stream only takes a slot, so that a refusal comes before the
        # answer begins; close() then releases the slot.
        next(stream)
        return stream

    def run_to_end(self, user_name: str, *, consent: bool, caller: str) -> Mapping[str, Any]:
        """Start an analysis, wait for it and return its result; a recorded consent is enough.

        Raises the errors of start, AnalysisFailedError if it failed, ConflictError if it was
        cancelled, BusyError if it takes too long, NotFoundError if it was erased meanwhile.
        """
        user = self._store.user(valid_user_id(user_name))
        on_record = user is not None and user.consented_at is not None
        with self._slot(caller):
            analysis, _ = self.start(AnalysisRequest(user_name), consent=consent or on_record)
            monotonic = self._long_calls.monotonic
            deadline = monotonic() + self._long_calls.longest
            while not analysis.state.terminal:
                if self._long_calls.wait(self._long_calls.poll) or monotonic() > deadline:
                    raise BusyError("The analysis is still under way. Ask again to wait on.", 5)
                analysis = self.analysis(analysis.analysis_id)
        if analysis.state is AnalysisState.CANCELLED:
            raise ConflictError("The analysis was cancelled before its end. Start it again.")
        if analysis.state is AnalysisState.FAILED or analysis.result is None:
            raise AnalysisFailedError(analysis.problem)
        return analysis.result

    def feedback(self, analysis_id: str, mood: Mood) -> None:
        """Store the mood that the user reports. Raises NotFoundError."""
        self._store.add_feedback(self.analysis(analysis_id).analysis_id, mood, self._clock())

    def feedback_on(self, analysis_id: str) -> Mood | None:
        """Return the mood that the user reported, None if they have not. Raises NotFoundError."""
        given = self._store.feedback_on(self.analysis(analysis_id).analysis_id)
        return None if given is None else Mood(given)

    def _faults(self, request: AnalysisRequest, idempotency_key: str | None) -> list[FieldError]:
        faults: list[FieldError] = []
        if request.source != IMPORTED:
            faults += self._sources.faults(request)
        elif request.source_user is not None:
            faults.append(
                FieldError("/source_user", "goes with another source than imported posts")
            )
        try:
            resolve_as_of(request.as_of, (), self._clock())
        except InvalidAsOfError as error:
            faults.append(FieldError("/as_of", str(error)))
        if idempotency_key is not None and not (
            0 < len(idempotency_key) <= _LONGEST_KEY and idempotency_key.isprintable()
        ):
            faults.append(
                FieldError("Idempotency-Key", f"must be 1 to {_LONGEST_KEY} printable characters")
            )
        return faults

    def _changes(self, analysis: Analysis, caller: str) -> Generator[Analysis | None, None, None]:
        with self._slot(caller):
            yield None
            monotonic = self._long_calls.monotonic
            sent_at = monotonic()
            deadline = sent_at + self._long_calls.longest
            yield analysis
            while not analysis.state.terminal and monotonic() <= deadline:
                if self._long_calls.wait(self._long_calls.poll):
                    return
                latest = self._store.analysis(analysis.analysis_id)
                if latest is None:
                    return
                if latest != analysis:
                    analysis, sent_at = latest, monotonic()
                    yield analysis
                elif monotonic() - sent_at >= self._long_calls.heartbeat:
                    sent_at = monotonic()
                    yield None

    @contextmanager
    def _slot(self, caller: str) -> Iterator[None]:
        with self._open_lock:
            if self._open[caller] >= self._long_calls.per_caller:
                raise BusyError(
                    f"{self._open[caller]} calls of this key or address wait for analyses already,"
                    " which is as many as one may have. Close some, or ask for the analyses"
                    " themselves now and then.",
                    _OPEN_CALL_SECONDS,
                )
            if self._open.total() >= self._long_calls.at_once:
                raise BusyError("Too many calls wait for analyses already.", _OPEN_CALL_SECONDS)
            self._open[caller] += 1
        try:
            yield
        finally:
            with self._open_lock:
                self._open[caller] -= 1
                self._open += Counter()  # drops callers without any
