"""Decide how long to wait for something that is down, and when to stop waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from api.errors import RetryableError
from api.ports.clock import Clock

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0


class Patience:
    """Pause twice as long after each failure in a row, within a budget of seconds in all.

    pause waits for a number of seconds, or less where the process is shutting down.
    """

    def __init__(
        self,
        clock: Clock,
        pause: Callable[[float], object],
        *,
        budget_seconds: float,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._budget = timedelta(seconds=budget_seconds)
        self._longest_pause = min(longest_pause_seconds, _LONGEST_PAUSE_SECONDS)
        self._failing_since: datetime | None = None
        self._next_pause = _FIRST_PAUSE_SECONDS

    def after(self, error: RetryableError) -> None:
        """Pause after a failure; raise the error instead once the budget is spent."""
        now = self._clock()
        self._failing_since = self._failing_since or now
        pause = min(self._next_pause, self._longest_pause)
        if now - self._failing_since + timedelta(seconds=pause) > self._budget:
            raise error
        self._next_pause = pause * 2
        self._pause(pause)

    def restore(self) -> None:
        """Start with a full budget again, as after a success."""
        self._failing_since = None
        self._next_pause = _FIRST_PAUSE_SECONDS
