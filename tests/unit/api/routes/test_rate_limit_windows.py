"""Windows of the rate limit end by a clock that never jumps."""

import time
from datetime import timedelta

import pytest

from api.routes.checks.rate_limit_windows import OwnWindows, SharedWindows
from tests.support.fakes import FakeClock

# Nothing listens on port 9 (discard) of a usual machine.
NO_REDIS = "redis://127.0.0.1:9/0"


@pytest.mark.parametrize("jump", [-timedelta(hours=1), timedelta(days=366)], ids=str)
def test_a_jump_of_the_clock_neither_ends_a_window_nor_makes_it_longer(
    monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    clock = FakeClock()
    windows = OwnWindows(clock.monotonic)
    windows.incr("alice", 60)
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + jump.total_seconds())
    clock.now += jump
    clock.pause(59)

    count, left = windows.incr("alice", 60), windows.get_expiry("alice") - time.time()
    clock.pause(1)

    assert (count, round(left)) == (2, 1)
    assert windows.get("alice") == 0
    assert windows.incr("alice", 60) == 1


def test_windows_that_have_ended_are_forgotten() -> None:
    clock = FakeClock()
    windows = OwnWindows(clock.monotonic)
    for number in range(10_000):
        windows.incr(f"address {number}", 60)
    clock.pause(60)
    windows.incr("alice", 60)

    assert windows.reset() == 1


def test_while_redis_is_away_it_is_not_asked_again_for_some_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    windows = SharedWindows(redis_url=NO_REDIS, monotonic=clock.monotonic)

    counts = [windows.incr("alice", 60) for _ in range(3)]
    warned = caplog.text.count("Redis is away")
    clock.pause(5)
    counts.append(windows.incr("alice", 60))

    assert counts == [1, 2, 3, 4]
    assert (warned, caplog.text.count("Redis is away")) == (1, 2)
