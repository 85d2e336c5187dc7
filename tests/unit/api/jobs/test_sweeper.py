"""Kept data is looked through once in a while, and a store that is down stops nobody."""

from __future__ import annotations

from datetime import timedelta

from api.jobs.sweeper import Sweeper
from api.ports.store import Retention
from tests.support.fakes import FailingStore, FakeClock, MemoryStore
from tests.support.posts import posts

HOUR = timedelta(hours=1)


def store_with_posts(clock: FakeClock, retention: Retention = Retention()) -> FailingStore:  # noqa: B008  frozen
    store = FailingStore(MemoryStore(retention))
    store.ensure_user("alice", "Alice", clock())
    store.save_posts("alice", posts(3), clock())
    return store


def test_old_posts_are_deleted_when_the_sweep_is_due() -> None:
    clock = FakeClock()
    store = store_with_posts(clock)
    sweeper = Sweeper(store, clock, HOUR)
    sweeper.sweep_when_due()
    kept = store.count_posts("alice")

    clock.pause(31 * 24 * 3600)
    sweeper.sweep_when_due()

    assert (kept, store.count_posts("alice")) == (3, 0)


def test_within_the_hour_the_store_is_left_alone() -> None:
    clock = FakeClock()
    store = store_with_posts(clock, Retention(posts=timedelta(0)))
    sweeper = Sweeper(store, clock, HOUR)
    sweeper.sweep_when_due()

    clock.pause(3599)
    sweeper.sweep_when_due()

    assert store.count_posts("alice") == 3


def test_a_store_that_is_down_is_tried_again_an_hour_later() -> None:
    clock = FakeClock()
    store = store_with_posts(clock)
    sweeper = Sweeper(store, clock, HOUR)
    store.down = True

    sweeper.sweep_when_due()
    store.down = False
    clock.pause(31 * 24 * 3600)
    sweeper.sweep_when_due()

    assert store.count_posts("alice") == 0
