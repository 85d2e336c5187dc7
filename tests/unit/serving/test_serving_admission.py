from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.admission import TextQueue
from serving.errors import BusyError


class HandClock:
    """Tell the seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Notes:
    """Remember what a queue tells."""

    def __init__(self) -> None:
        self.texts: list[int] = []
        self.seconds: list[float] = []

    def held(self, texts: int) -> None:
        self.texts.append(texts)

    def waited(self, seconds: float) -> None:
        self.seconds.append(seconds)


def queue(
    limit: int = 100,
    cohort: int = 8,
    clock: Callable[[], float] | None = None,
    notes: Notes | None = None,
) -> TextQueue:
    return TextQueue(limit, cohort, clock or HandClock(), notes or Notes())


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def in_loop(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await body()

    asyncio.run(main())


def test_the_first_request_has_its_turn_at_once() -> None:
    async def body() -> None:
        await asyncio.wait_for(queue().turn(3), timeout=1)

    in_loop(body)


def test_those_who_wait_go_on_together_when_the_last_cohort_is_done() -> None:
    async def body() -> None:
        waiting = queue(cohort=8)
        await waiting.turn(1)
        tasks = [asyncio.create_task(waiting.turn(count)) for count in (3, 5, 1)]
        await settle()
        before = [task.done() for task in tasks]

        waiting.done(1)
        await settle()

        assert before == [False, False, False]
        assert [task.done() for task in tasks] == [True, True, False]

        waiting.done(3)
        await settle()
        assert not tasks[2].done()

        waiting.done(5)
        await settle()
        assert tasks[2].done()

    in_loop(body)


def test_a_request_larger_than_a_cohort_runs_alone() -> None:
    async def body() -> None:
        waiting = queue(cohort=8)
        await waiting.turn(1)
        large = asyncio.create_task(waiting.turn(20))
        small = asyncio.create_task(waiting.turn(1))
        await settle()

        waiting.done(1)
        await settle()

        assert (large.done(), small.done()) == (True, False)
        small.cancel()

    in_loop(body)


def test_nobody_overtakes() -> None:
    async def body() -> None:
        waiting = queue(cohort=4)
        await waiting.turn(1)
        first = asyncio.create_task(waiting.turn(3))
        large = asyncio.create_task(waiting.turn(4))
        small = asyncio.create_task(waiting.turn(1))
        await settle()

        waiting.done(1)
        await settle()

        assert (first.done(), large.done(), small.done()) == (True, False, False)
        large.cancel()
        small.cancel()

    in_loop(body)


def test_a_wait_that_is_cancelled_lets_the_next_one_through() -> None:
    async def body() -> None:
        waiting = queue(cohort=4)
        await waiting.turn(1)
        leaves = asyncio.create_task(waiting.turn(4))
        stays = asyncio.create_task(waiting.turn(4))
        await settle()

        leaves.cancel()
        await settle()
        waiting.done(1)
        await settle()

        assert stays.done()

    in_loop(body)


def test_a_wait_that_is_cancelled_just_as_its_turn_comes_gives_the_turn_back() -> None:
    async def body() -> None:
        waiting = queue(cohort=4)
        await waiting.turn(1)
        leaves = asyncio.create_task(waiting.turn(4))
        stays = asyncio.create_task(waiting.turn(4))
        await settle()

        waiting.done(1)
        leaves.cancel()
        await settle()

        assert leaves.cancelled()
        assert stays.done()

    in_loop(body)


def test_texts_over_the_limit_are_refused_and_the_others_stay_counted() -> None:
    waiting = queue(limit=10)

    with waiting.place(8):
        with pytest.raises(BusyError) as caught, waiting.place(3):
            pass
        with waiting.place(2):
            held = waiting.texts

    assert held == 10
    assert waiting.texts == 0
    assert caught.value.retry_after == 1


def test_retry_after_is_what_the_texts_held_will_take() -> None:
    async def body() -> None:
        clock = HandClock()
        waiting = queue(limit=100, cohort=10, clock=clock)
        await waiting.turn(10)
        clock.now += 1.0
        waiting.done(10)

        with waiting.place(95):
            seconds = waiting.retry_after()

        assert seconds == 10

    in_loop(body)


def test_retry_after_is_never_more_than_half_a_minute() -> None:
    async def body() -> None:
        clock = HandClock()
        waiting = queue(limit=100, cohort=10, clock=clock)
        await waiting.turn(1)
        clock.now += 60.0
        waiting.done(1)

        with waiting.place(95):
            assert waiting.retry_after() == 30

    in_loop(body)


def test_it_tells_how_full_it_is_and_how_long_a_wait_was() -> None:
    async def body() -> None:
        clock, notes = HandClock(), Notes()
        waiting = queue(clock=clock, notes=notes)
        with waiting.place(2), waiting.place(3):
            await waiting.turn(2)
            second = asyncio.create_task(waiting.turn(3))
            await settle()
            clock.now += 1.5
            waiting.done(2)
            await second

        assert notes.texts == [2, 5, 2, 0]
        assert notes.seconds == [0.0, 1.5]

    in_loop(body)
