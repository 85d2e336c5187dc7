"""The store is swept every hour, a clock that jumps deletes little, and erasures are completed."""

import logging
from datetime import datetime, timedelta

import pytest

from api.domain.analyses import Analysis, AnalysisRequest, Progress
from api.domain.posts import Post
from api.jobs.retention import Sweeper, delete_past_retention
from api.ports.store import Retention
from tests.support.fakes import FailingStore, FakeClock, MemoryStore
from tests.support.posts import posts

DAY = timedelta(days=1)
DAY_SECONDS = 24 * 3600.0
MONTH_SECONDS = 31 * DAY_SECONDS


class Swept:
    """A store with posts and an ended analysis, its clock, and a process that sweeps it."""

    def __init__(
        self,
        count: int = 3,
        retention: Retention = Retention(),  # noqa: B008  frozen
    ) -> None:
        self.clock = FakeClock()
        self.store = FailingStore(MemoryStore(retention))
        self.held_back = 0
        self.store.ensure_user("alice", "Alice", self.clock())
        self.store.save_posts("alice", posts(count), self.clock())
        self.start_process()

    def start_process(self) -> None:
        self.sweeper = Sweeper(self.store, self.clock, self._note, self.clock.monotonic)

    def _note(self) -> None:
        self.held_back += 1

    def sweep(self) -> int:
        """Sweep and return how many posts are left."""
        self.sweeper.sweep_when_due()
        return self.posts()

    def posts(self) -> int:
        count: int = self.store.count_posts("alice")
        return count

    def sweep_hourly(self, days: int) -> None:
        for _ in range(days * 24):
            self.clock.pause(3600)
            self.sweeper.sweep_when_due()

    def save_posts_of_each_day(self, days: int) -> None:
        """Save one more post per day, each as if it had been saved that many days ago."""
        for ago in range(days):
            post = Post(f"of {ago}", f"a text of {ago}", self.clock.now - ago * DAY)
            self.store.save_posts("alice", [post], self.clock.now - ago * DAY)


def test_old_posts_are_deleted_once_their_time_has_passed() -> None:
    swept = Swept()
    before = swept.sweep()

    swept.clock.pause(MONTH_SECONDS)

    assert (before, swept.sweep()) == (3, 0)
    assert swept.held_back == 0


def test_within_the_hour_the_store_is_not_swept_again() -> None:
    swept = Swept(retention=Retention(posts=timedelta(0)))
    swept.sweep()

    swept.clock.pause(3599)

    assert swept.sweep() == 3


@pytest.mark.parametrize("jump", [-timedelta(hours=1), timedelta(days=366)], ids=str)
def test_a_clock_that_jumps_moves_no_sweep(jump: timedelta) -> None:
    swept = Swept(retention=Retention(posts=timedelta(minutes=30)))
    swept.sweep()
    swept.clock.now += jump

    early = swept.sweep()
    swept.clock.now -= jump
    swept.clock.pause(3600)

    assert (early, swept.sweep()) == (3, 0)


def test_a_store_that_is_down_is_swept_an_hour_later() -> None:
    swept = Swept()
    swept.sweep()
    swept.store.down = True
    swept.clock.pause(MONTH_SECONDS)
    swept.sweeper.sweep_when_due()
    swept.store.down = False
    at_once = swept.sweep()

    swept.clock.pause(3600)

    assert (at_once, swept.sweep()) == (3, 0)


@pytest.mark.parametrize("days", [31, 366])
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_a_clock_set_ahead_deletes_neither_posts_nor_moods_and_says_what_to_do(
    days: int, restarted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    swept = Swept()
    analysed(swept)
    swept.sweep()
    swept.clock.now += timedelta(days=days)
    if restarted:
        swept.start_process()

    with caplog.at_level(logging.WARNING):
        swept.sweep_hourly(days=2)

    assert swept.posts() == 3
    assert swept.store.latest_mood("alice") is not None
    assert swept.held_back > 24
    assert "python -m api.retention delete" in caplog.text
    assert "3 of 3 posts" in caplog.text


def test_a_clock_that_is_set_right_again_leaves_everything_as_it_was() -> None:
    swept = Swept()
    swept.sweep()
    swept.clock.now += 366 * DAY
    swept.sweep_hourly(days=1)
    swept.clock.now -= 366 * DAY

    swept.sweep_hourly(days=28)
    kept = swept.posts()
    held_back = swept.held_back
    swept.sweep_hourly(days=2)

    assert (kept, swept.posts()) == (3, 0)
    assert swept.held_back == held_back


def test_an_operators_word_deletes_what_was_held_back() -> None:
    swept = Swept()
    swept.sweep()
    swept.clock.now += 31 * DAY
    swept.sweep_hourly(days=1)

    deleted = delete_past_retention(swept.store, swept.clock())  # type: ignore[arg-type]

    assert (deleted, swept.posts()) == (3, 0)


def test_what_became_old_while_no_process_ran_is_deleted_if_it_is_the_smaller_part() -> None:
    swept = Swept(count=0)
    swept.save_posts_of_each_day(29)
    swept.sweep()

    swept.clock.now += 10 * DAY
    swept.start_process()

    assert swept.sweep() == 29 - 8
    assert swept.held_back == 0


def test_many_small_jumps_delete_no_more_than_one_large_one() -> None:
    swept = Swept(count=0)
    swept.save_posts_of_each_day(29)
    swept.sweep()

    for _ in range(15):
        swept.clock.now += 2 * DAY
        swept.clock.pause(3600)
        swept.sweep()

    assert swept.posts() > 29 / 2
    assert swept.held_back > 0


def test_what_is_held_back_is_deleted_once_its_time_has_been_seen_to_pass() -> None:
    swept = Swept()
    swept.sweep()
    swept.sweep_hourly(days=20)
    swept.clock.now += 15 * DAY  # the machine was off
    swept.start_process()
    swept.sweep_hourly(days=9)
    kept = swept.posts()

    swept.sweep_hourly(days=2)

    assert (kept, swept.posts()) == (3, 0)


def test_time_that_one_process_has_seen_counts_for_all() -> None:
    swept = Swept()
    other = Sweeper(
        swept.store,  # type: ignore[arg-type]
        swept.clock,
        monotonic=swept.clock.monotonic,
    )
    swept.sweep()
    swept.clock.pause(MONTH_SECONDS)

    other.sweep_when_due()
    before = swept.posts()
    swept.sweep()

    assert (before, swept.posts()) == (3, 0)


def test_erasing_a_user_is_never_held_back() -> None:
    swept = Swept()
    swept.sweep()
    swept.clock.now += 366 * DAY
    swept.sweep_hourly(days=1)

    swept.store.erase_user("alice", swept.clock())

    assert swept.store.user("alice") is None


def test_an_erasure_that_is_pending_is_tried_again_every_few_seconds() -> None:
    tries: list[float] = []
    swept = Swept()

    class Pending(MemoryStore):
        def finish_erasures(self) -> bool:
            tries.append(swept.clock.seconds)
            return False

    sweeper = Sweeper(Pending(), swept.clock, monotonic=swept.clock.monotonic)
    for _ in range(12):
        sweeper.sweep_when_due()
        swept.clock.pause(1)

    assert tries == [0.0, 5.0, 10.0]


def analysed(swept: Swept, at: datetime | None = None) -> None:
    now = at or swept.clock()
    request = AnalysisRequest("alice")
    swept.store.create_analysis(Analysis("a1", request, now), idempotency_key=None)
    _, lease = swept.store.claim("a1", owner="w", now=now, until=now + DAY)
    swept.store.finish(lease, at=now, progress=Progress(), mood="Cheerful", result={}, hashtags=[])
