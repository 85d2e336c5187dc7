"""Counts of calls per window, for flask-limiter, by a clock that never jumps.

The storage that the library limits has in memory ends its windows by the wall clock: set back an
hour, it would refuse callers for an hour.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

SCHEME = "windows"
_REDIS_SECONDS = 1
_REDIS_AWAY_SECONDS = 5.0
_MOST_KEPT = 10_000  # windows; beyond them those that have ended are removed


class OwnWindows(Storage):
    """Counts in the memory of this process."""

    STORAGE_SCHEME = None

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._most = _MOST_KEPT

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the exceptions of the storage: there are none."""
        return StorageError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count calls in the window of a key, which begins now if there is none."""
        with self._lock:
            now = self._monotonic()
            count, ends = self._windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._windows[key] = (count + amount, ends)
            if len(self._windows) > self._most:
                self._windows = {
                    name: window for name, window in self._windows.items() if window[1] > now
                }
                self._most = max(_MOST_KEPT, 2 * len(self._windows))
            return count + amount

    def get(self, key: str) -> int:
        """Return the count in the window of a key."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > self._monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """Return the time of the wall clock, as it is now, at which the window of a key ends."""
        _, ends = self._windows.get(key, (0, 0.0))
        return time.time() + max(ends - self._monotonic(), 0.0)

    def check(self) -> bool:
        """Return whether the storage can be used, which it always can."""
        return True

    def reset(self) -> int:
        """Remove all windows and return how many there were."""
        with self._lock:
            removed = len(self._windows)
            self._windows.clear()
            return removed

    def clear(self, key: str) -> None:
        """Remove the window of a key."""
        with self._lock:
            self._windows.pop(key, None)


class SharedWindows(Storage):
    """Counts that processes share in Redis; while it is away, each process counts by itself.

    Redis ends its windows by the clock of its own machine.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  as the library reads it

    def __init__(
        self,
        _uri: str | None = None,
        *,
        redis_url: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._own = OwnWindows(monotonic)
        self._redis: Storage | None = None
        self._away_until = float("-inf")
        if redis_url:
            shared = storage_from_string(
                redis_url,
                wrap_exceptions=True,
                socket_timeout=_REDIS_SECONDS,
                socket_connect_timeout=_REDIS_SECONDS,
            )
            if isinstance(shared, Storage):  # and none of the library's asynchronous ones
                self._redis = shared

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the exceptions of the storage: all are dealt with."""
        return StorageError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count calls in the window of a key, which begins now if there is none."""
        return self._answer(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        """Return the count in the window of a key."""
        return self._answer(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        """Return the time of the wall clock, as it is now, at which the window of a key ends."""
        return self._answer(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Return whether the storage can be used, which it always can."""
        return True

    def reset(self) -> int | None:
        """Remove all windows."""
        return self._answer(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        """Remove the window of a key."""
        self._answer(lambda storage: storage.clear(key))

    def _answer(self, ask: Callable[[Storage], Answer]) -> Answer:
        if self._redis is not None and self._monotonic() >= self._away_until:
            try:
                return ask(self._redis)
            except StorageError as error:
                self._away_until = self._monotonic() + _REDIS_AWAY_SECONDS
                _log.warning(
                    "Redis is away, so this process counts calls by itself: %s",
                    type(error.storage_error).__name__,
                )
        return ask(self._own)
