"""The store is swept at intervals, and a store that is down stops nobody."""

from datetime import timedelta

from api.ports.store import Retention
from api.runtime.worker_pool import Sweeper
from tests.support.fakes import FailingStore, FakeClock, MemoryStore
from tests.support.posts import posts

MONTH_SECONDS = 31 * 24 * 3600


def swept_hourly(
    retention: Retention = Retention(),  # noqa: B008  frozen
) -> tuple[FakeClock, FailingStore, Sweeper]:
    """Return a clock, a store with three posts and the sweeper of both."""
    clock, store = FakeClock(), FailingStore(MemoryStore(retention))
    store.ensure_user("alice", "Alice", clock())
    store.save_posts("alice", posts(3), clock())
    return clock, store, Sweeper(store, clock, timedelta(hours=1))


def test_old_posts_are_deleted_when_the_sweep_is_due() -> None:
    clock, store, sweeper = swept_hourly()
    sweeper.sweep_when_due()
    before = store.count_posts("alice")

    clock.pause(MONTH_SECONDS)
    sweeper.sweep_when_due()

    assert (before, store.count_posts("alice")) == (3, 0)


def test_within_the_hour_the_store_is_not_swept_again() -> None:
    clock, store, sweeper = swept_hourly(Retention(posts=timedelta(0)))
    sweeper.sweep_when_due()

    clock.pause(3599)
    sweeper.sweep_when_due()

    assert store.count_posts("alice") == 3


def test_a_store_that_is_down_is_swept_an_hour_later() -> None:
    clock, store, sweeper = swept_hourly()
    store.down = True

    sweeper.sweep_when_due()
    store.down = False
    clock.pause(MONTH_SECONDS)
    sweeper.sweep_when_due()

    assert store.count_posts("alice") == 0
