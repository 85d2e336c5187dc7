"""A clock that moves only when told to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A wall clock and a monotonic one.

    pause() advances both instead of waiting, after calling on_pause; setting now is a jump of the
    wall clock alone.
    """

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.now = now
        self.seconds = 0.0
        self.pauses: list[float] = []
        self.on_pause: Callable[[], object] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> bool:
        self.on_pause()
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds
        return False
