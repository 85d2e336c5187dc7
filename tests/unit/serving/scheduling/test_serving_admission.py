from __future__ import annotations

import pytest

from serving.errors import BusyError
from serving.scheduling.admission import TextQueue


class HandClock:
    """Tell the seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Notes:
    """Remember what a queue tells."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = []

    def held(self, texts: int, oldest_seconds: float) -> None:
        self.told.append((texts, oldest_seconds))


def queue(
    limit: int = 100, clock: HandClock | None = None, notes: Notes | None = None
) -> TextQueue:
    return TextQueue(limit, clock or HandClock(), notes or Notes())


def test_texts_over_the_limit_are_refused_and_the_others_stay_counted() -> None:
    waiting = queue(limit=10)

    first = waiting.take(8)
    with pytest.raises(BusyError) as caught:
        waiting.take(3)
    second = waiting.take(2)
    held = waiting.texts
    first.done(8)
    second.done(2)

    assert held == 10
    assert waiting.texts == 0
    assert caught.value.retry_after == 1


@pytest.mark.parametrize("texts", [1, 50])
def test_retry_after_is_what_the_texts_held_will_take_whoever_asks(texts: int) -> None:
    clock = HandClock()
    waiting = queue(limit=100, clock=clock)
    first = waiting.take(20)
    clock.now += 1.0
    first.done(20)
    waiting.take(100)

    with pytest.raises(BusyError) as caught:
        waiting.take(texts)

    assert caught.value.retry_after == 5


def test_retry_after_follows_a_server_that_becomes_slower() -> None:
    clock = HandClock()
    waiting = queue(clock=clock)
    place = waiting.take(100)
    for texts in (10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        clock.now += 1.0
        place.done(texts)

    assert 70 / 30 <= place.left / waiting.retry_after() < 80 / 10


def test_time_without_work_is_not_taken_for_slowness() -> None:
    clock = HandClock()
    waiting = queue(clock=clock)
    for _ in range(3):
        clock.now += 1000.0
        place = waiting.take(20)
        clock.now += 1.0
        place.done(20)
    waiting.take(100)

    assert waiting.retry_after() == 5


def test_retry_after_is_never_more_than_half_a_minute() -> None:
    clock = HandClock()
    waiting = queue(clock=clock)
    place = waiting.take(1)
    clock.now += 60.0
    place.done(1)
    waiting.take(95)

    assert waiting.retry_after() == 30


def test_it_tells_how_full_it_is_and_how_old_the_oldest_request_is() -> None:
    clock, notes = HandClock(), Notes()
    waiting = queue(clock=clock, notes=notes)

    first = waiting.take(2)
    clock.now += 1.0
    second = waiting.take(3)
    clock.now += 0.5
    first.done(1)
    first.done(1)
    second.done(3)
    waiting.observe()

    assert notes.told == [(2, 0.0), (5, 1.0), (4, 1.5), (3, 0.5), (0, 0.0), (0, 0.0)]
