"""Periodic deletion of posts and moods whose retention is over."""

import logging
import threading
from datetime import datetime, timedelta

from api.errors import StoreUnavailableError
from api.ports.clock import Clock
from api.ports.store import Store

_log = logging.getLogger(__name__)


class Sweeper:
    """Retention sweep of a store, at the first call and then at intervals; thread-safe.

    Several processes may sweep the same store.
    """

    def __init__(self, store: Store, clock: Clock, every: timedelta = timedelta(hours=1)) -> None:
        self._store = store
        self._clock = clock
        self._every = every
        self._last: datetime | None = None
        self._sweeping = threading.Lock()

    def sweep_when_due(self) -> None:
        """Sweep if the interval has passed and no other thread is sweeping now."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            now = self._clock()
            if self._last is not None and now < self._last + self._every:
                return
            self._last = now  # also if it fails: no store that is down is swept all the time
            if deleted := self._store.sweep(now):
                _log.info("deleted what was past its retention", extra={"deleted": deleted})
        except StoreUnavailableError as error:
            _log.warning("the store was not swept: %s", error.detail)
        finally:
            self._sweeping.release()
