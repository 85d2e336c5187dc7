"""The retention sweep, and how much of it a wrong clock can delete.

Retention counts days by the wall clock, which can jump: set wrong, a year ahead, it makes every
post look old. So the sweep deletes without a limit only what is past its retention at a time that
the processes have seen pass by their monotonic clocks, from one sweep to the next. By the time that
they did not see pass (the clock was changed, or no process ran) they delete at most MOST_UNSEEN of
what is stored, per day seen to pass, so that many small jumps delete no more than one. The rest
waits until its time has been seen to pass, the clock is set right, or an operator decides with
`python -m api.retention delete`. Erasing a user is never held back.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.errors import StoreUnavailableError
from api.ports.clock import Clock
from api.ports.store import Store, SweepRecord

_log = logging.getLogger(__name__)

MOST_UNSEEN = 0.5
"""The largest share of the stored posts, or analyses, that is deleted by time not seen to pass."""

_DAY = timedelta(days=1)
_EVERY_SECONDS = 3600.0
_ERASURES_EVERY_SECONDS = 5.0


@dataclass(slots=True)
class Sweeper:
    """Retention sweep at the first call and then every hour, and the end of erasures; thread-safe.

    Several processes may sweep the same store. on_held_back is called when a sweep deleted less
    than the clock asked for.
    """

    store: Store
    clock: Clock
    on_held_back: Callable[[], object] = lambda: None
    monotonic: Callable[[], float] = time.monotonic
    _next_sweep: float = field(default=float("-inf"), init=False)
    _next_erasures: float = field(default=float("-inf"), init=False)
    _seen: tuple[datetime, float] | None = field(default=None, init=False)
    _sweeping: threading.Lock = field(default_factory=threading.Lock, init=False)

    def sweep_when_due(self) -> None:
        """Do what is due, unless another thread is doing it now."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            seconds = self.monotonic()
            # Both are put off also if they fail: no store that is down is called all the time.
            if seconds >= self._next_sweep:
                self._next_sweep = seconds + _EVERY_SECONDS
                self._sweep(seconds)
            if seconds >= self._next_erasures:
                self._next_erasures = seconds + _ERASURES_EVERY_SECONDS
                self.store.finish_erasures()
        except StoreUnavailableError as error:
            _log.warning("the store was not swept: %s", error.detail)
        finally:
            self._sweeping.release()

    def _sweep(self, seconds: float) -> None:
        now, record = self.clock(), self.store.sweep_record()
        seen = self._seen_to_pass(record, now, seconds)
        spent = 0.0 if record is None else record.spent
        if record is not None and seen is not None:
            spent = max(spent - MOST_UNSEEN * max((seen - record.until) / _DAY, 0.0), 0.0)
        deleted = 0 if seen is None else self.store.sweep(seen)
        until = seen
        if seen is None or seen < now:
            past = self.store.past_retention(now)
            if past.share + spent <= MOST_UNSEEN:
                deleted += self.store.sweep(now)
                spent, until = spent + past.share, now
            else:
                self.on_held_back()
                _log.warning(
                    "%d of %d posts and %d of %d analyses look past their retention by a clock "
                    "that jumped, or ran while no process did: they are kept for now. Is it really "
                    "%s? If not, set the clock; if so, `python -m api.retention delete` deletes "
                    "them.",
                    *(past.posts_past, past.posts, past.analyses_past, past.analyses),
                    f"{now:%Y-%m-%d %H:%M} UTC",
                )
        if until is not None:
            self.store.set_sweep_record(SweepRecord(until, spent))
            self._seen = (until, seconds)
        if deleted:
            _log.info("deleted what was past its retention", extra={"deleted": deleted})

    def _seen_to_pass(
        self, record: SweepRecord | None, now: datetime, seconds: float
    ) -> datetime | None:
        """Return the time that this or another process has seen pass, None if none has swept."""
        times = [] if record is None else [record.until]
        if self._seen is not None:
            at, then = self._seen
            times.append(at + timedelta(seconds=seconds - then))
        return min(now, max(times)) if times else None


def delete_past_retention(store: Store, now: datetime) -> int:
    """Delete all that is past its retention now, by an operator's word; return how many were."""
    deleted = store.sweep(now)
    store.set_sweep_record(SweepRecord(now, spent=0.0))
    return deleted
