"""A lease ends by what an observer sees of it, whatever any clock says."""

from datetime import timedelta
from typing import Any

import pytest

from api.domain.analyses import AnalysisState, Hold, Lease, Progress
from tests.support.fakes.runs import LIMITS, Setting

JUMPS = [
    -timedelta(days=366),
    -timedelta(hours=1),
    -timedelta(minutes=10),
    timedelta(0),
    timedelta(hours=1),
    timedelta(days=31),
]


def left_by_a_dead_worker(setting: Setting) -> None:
    now = setting.clock()
    until = now + timedelta(seconds=LIMITS.lease_seconds)
    setting.store.claim("a1", owner="dead", now=now, until=until)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize("before", [True, False], ids=["before it is seen", "after it is seen"])
def test_what_a_dead_worker_left_is_taken_over_after_one_lease_whatever_the_clock_does(
    jump: timedelta, before: bool
) -> None:
    setting = Setting()
    left_by_a_dead_worker(setting)
    if before:
        setting.clock.now += jump
    seen = setting.run()
    if not before:
        setting.clock.now += jump
    setting.clock.pause(LIMITS.lease_seconds - 1)
    early = setting.run()
    setting.clock.pause(1)

    taken = setting.run()

    assert (seen, early, taken) == (False, False, True)
    assert setting.analysis().state is AnalysisState.SUCCEEDED


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_the_lease_of_a_worker_that_lives_is_left_to_it_whatever_the_clock_does(
    jump: timedelta,
) -> None:
    setting = Setting()
    other = setting.start_worker("other")
    seen: list[bool] = []

    def look(_calls: int) -> None:
        setting.clock.now += jump
        seen.append(other.run())
        setting.clock.pause(LIMITS.lease_seconds / 2)

    setting.emotions.before_answer = look
    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert setting.analysis().attempt == 1
    assert len(seen) >= 5
    assert not any(seen)


def test_a_renewal_shows_even_if_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting()
    renew = setting.store.renew
    seen: list[Hold] = []

    def look(*lease: Any, **rest: Any) -> Lease:
        renewed: Lease = renew(*lease, **rest)
        seen.extend(setting.store.holds())
        return renewed

    monkeypatch.setattr(setting.store, "renew", look)

    setting.run()

    # No two alike, also not every other one: who looks seldom takes those for one hold.
    assert len(seen) >= 5
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("jump", [-timedelta(hours=1), -timedelta(days=366)], ids=str)
def test_a_deferral_is_no_longer_than_the_longest_whatever_the_clock_does(
    jump: timedelta,
) -> None:
    setting = Setting()
    left_by_a_dead_worker(setting)
    lease = setting.store.take_over(
        *setting.store.holds(), owner="dead", now=setting.clock(), until=setting.clock()
    )[1]
    setting.store.renew(lease, until=setting.clock(), progress=Progress())
    setting.store.defer(lease, setting.clock() + timedelta(seconds=300))
    setting.clock.now += jump
    setting.run()
    setting.clock.pause(LIMITS.defer_seconds - 1)
    early = setting.run()
    setting.clock.pause(1)

    assert (early, setting.run()) == (False, True)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_an_outage_is_waited_out_for_the_budget_whatever_the_clock_does(jump: timedelta) -> None:
    setting = Setting()
    setting.emotions.down = True
    setting.clock.on_pause = lambda: setattr(setting.clock, "now", setting.clock.now + jump)

    setting.run()

    assert setting.analysis().state is AnalysisState.FAILED
    assert LIMITS.retry_seconds / 2 < sum(setting.clock.pauses) <= LIMITS.retry_seconds
