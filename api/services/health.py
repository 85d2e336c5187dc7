"""Readiness of the service's dependencies."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from api.errors import StoreUnavailableError
from api.ports.emotions import EmotionClient
from api.ports.store import Store


@dataclass(slots=True)
class Health:
    """Readiness checks; others are further checks by name, which never raise.

    Anybody may ask, and a check of what hangs takes seconds. So one call at a time checks, and
    those that come meanwhile get the answer of the check before.
    """

    store: Store
    emotions: EmotionClient
    others: Mapping[str, Callable[[], bool]]
    _checking: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, bool] = field(default_factory=dict)

    def dependencies(self) -> dict[str, bool]:
        """Return for each dependency, by name, whether it is ready; none is before a check."""
        if not self._checking.acquire(blocking=False):
            return self._last or dict.fromkeys(("store", "inference", *self.others), False)
        try:
            self._last = self._check()
            return self._last
        finally:
            self._checking.release()

    def _check(self) -> dict[str, bool]:
        store_ready = False
        with suppress(StoreUnavailableError):
            self.store.ping()
            store_ready = True
        return {
            "store": store_ready,
            "inference": self.emotions.ready(),
            **{name: ready() for name, ready in self.others.items()},
        }
