"""Have the store forget what it kept long enough, now and then."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from api.errors import StoreUnavailableError
from api.ports.clock import Clock
from api.ports.store import Store

_log = logging.getLogger(__name__)


class Sweeper:
    """Sweep the store at the first call, then once in a while; safe among threads.

    Several processes may sweep the same store: what one deleted is gone for the next.
    """

    def __init__(self, store: Store, clock: Clock, every: timedelta = timedelta(hours=1)) -> None:
        self._store = store
        self._clock = clock
        self._every = every
        self._last: datetime | None = None
        self._turn = threading.Lock()

    def sweep_when_due(self) -> None:
        """Sweep where the last time is long enough ago and no other thread does so now."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            now = self._clock()
            if self._last is not None and now < self._last + self._every:
                return
            self._last = now  # also where it fails: a store that is down is not asked all the time
            if deleted := self._store.sweep(now):
                _log.info("deleted what was kept long enough", extra={"deleted": deleted})
        except StoreUnavailableError as error:
            _log.warning("the store was not swept: %s", error.detail)
        finally:
            self._turn.release()
