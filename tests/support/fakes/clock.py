"""A clock that moves only when told to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A time that tests set; pause() advances it instead of waiting, after calling on_pause."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.now = now
        self.pauses: list[float] = []
        self.on_pause: Callable[[], object] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.on_pause()
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        return False
