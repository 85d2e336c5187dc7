"""The pool takes up what waits, survives faults, and stops when told."""

import queue
import threading
from collections.abc import Callable

from api.runtime.worker_pool import WorkerPool

LONG = 60.0


def looking(looks: queue.Queue[None]) -> Callable[[], bool]:
    """Return a run that notes each look and finds nothing."""

    def run() -> bool:
        looks.put(None)
        return False

    return run


def pool(run: Callable[[], bool], poll_seconds: float = LONG, threads: int = 1) -> WorkerPool:
    return WorkerPool(
        run, threading.Event(), sweep=lambda: None, threads=threads, poll_seconds=poll_seconds
    )


def test_it_looks_for_waiting_work_as_soon_as_it_starts() -> None:
    looks: queue.Queue[None] = queue.Queue()
    workers = pool(looking(looks))

    workers.start()

    looks.get(timeout=5)
    assert workers.stop(5)


def test_a_wake_up_makes_it_look_again_before_the_next_poll() -> None:
    looks: queue.Queue[None] = queue.Queue()
    workers = pool(looking(looks))
    workers.start()
    looks.get(timeout=5)

    workers.wake("a1")

    looks.get(timeout=5)
    assert workers.stop(5)


def test_it_looks_again_after_the_poll_time_without_a_wake_up() -> None:
    looks: queue.Queue[None] = queue.Queue()
    workers = pool(looking(looks), poll_seconds=0.01)

    workers.start()

    for _ in range(3):
        looks.get(timeout=5)
    assert workers.stop(5)


def test_it_runs_until_nothing_waits() -> None:
    waiting = [True, True, True, False]
    empty = threading.Event()

    def run() -> bool:
        found = waiting.pop(0)
        if not found:
            empty.set()
        return found

    workers = pool(run)

    workers.start()

    assert empty.wait(5)
    assert workers.stop(5)
    assert waiting == []


def test_no_more_runs_are_under_way_than_it_has_threads() -> None:
    three, release = threading.Barrier(4), threading.Event()
    lock, now, most = threading.Lock(), [0], [0]

    def run() -> bool:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if not release.is_set():
            three.wait(5)
            release.wait(5)
        with lock:
            now[0] -= 1
        return not release.is_set()

    workers = pool(run, threads=3)
    workers.start()
    for _ in range(9):
        workers.wake("a1")
    three.wait(5)
    release.set()

    assert workers.stop(5)
    assert most[0] == 3


def test_a_fault_is_outlived() -> None:
    looks: queue.Queue[None] = queue.Queue()

    def run() -> bool:
        looks.put(None)
        raise RuntimeError("broken once")

    workers = pool(run, poll_seconds=0.01)

    workers.start()

    looks.get(timeout=5)
    looks.get(timeout=5)
    assert workers.stop(5)


def test_a_stop_says_whether_all_work_ended_in_time() -> None:
    started, release = threading.Event(), threading.Event()

    def run() -> bool:
        started.set()
        release.wait(5)
        return True

    workers = pool(run)
    workers.start()
    assert started.wait(5)

    in_time = workers.stop(0.01)

    release.set()
    assert in_time is False


def test_a_pool_that_was_never_started_stops_at_once() -> None:
    assert pool(lambda: False).stop(5)
