"""Contract of every store: many threads and processes, and processes that are killed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

import pytest

from api.domain.analyses import AnalysisState
from api.ports.store import Store
from tests.contract.stores.store_children import (
    BATCH,
    child,
    claim_all,
    classify_in_batches,
    open_only,
    save_again_and_again,
    stop_while_reading_posts,
)
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    a_post,
    an_analysis,
    known,
    queued,
    taken,
)
from tests.contract.stores.stores import StoreBackend

T = TypeVar("T")


def at_once(times: int, work: Callable[[int], T]) -> list[T]:
    start = Barrier(times)

    def one(number: int) -> T:
        start.wait(30)
        return work(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@pytest.mark.parametrize("key", ["the same key", "key {}"], ids=["the same key", "own keys"])
def test_fifty_threads_create_one_analysis(store: Store, key: str) -> None:
    known(store)

    made = at_once(
        50, lambda n: store.create_analysis(an_analysis(f"a{n}"), idempotency_key=key.format(n))
    )

    assert sum(created for _, created in made) == 1
    assert len({analysis.analysis_id for analysis, _ in made}) == 1


def test_a_user_made_by_many_threads_is_one_user(store: Store) -> None:
    made = at_once(20, lambda n: store.ensure_user(ALICE, f"Alice{n}", NOW))

    assert len(set(made)) == 1


def test_each_analysis_is_claimed_by_one_thread(store: Store) -> None:
    for number in range(10):
        queued(store, f"a{number}", f"user{number}")

    claims = at_once(20, lambda _: store.claim(None, owner="w", now=NOW, until=LATER))

    taken_ids = sorted(claim[0].analysis_id for claim in claims if claim is not None)
    assert taken_ids == sorted(f"a{number}" for number in range(10))


def test_threads_that_save_the_same_posts_keep_each_once(
    backend: StoreBackend, store: Store
) -> None:
    known(store)
    count = backend.many // 8
    posts = [a_post(number) for number in range(count)]

    saved = at_once(8, lambda _: store.save_posts(ALICE, posts, NOW))

    assert store.count_posts(ALICE) == count
    assert sum(one.created for one in saved) == count
    assert sum(one.unchanged for one in saved) == 7 * count


@pytest.mark.integration
def test_each_analysis_is_claimed_by_one_process(backend: StoreBackend, store: Store) -> None:
    count = min(60, backend.many // 4)
    ids = [queued(store, f"a{number}", f"user{number}") for number in range(count)]

    with child(claim_all, backend) as one, child(claim_all, backend) as other:
        for process in (one, other):
            assert process.next_word() == "ready"
        for process in (one, other):
            process.go_on()
        claims = one.next_word() + other.next_word()

    assert sorted(claims) == sorted((analysis_id, 1) for analysis_id in ids)


@pytest.mark.integration
def test_processes_that_start_on_an_empty_store_together_all_open_it(
    backend: StoreBackend,
) -> None:
    with ExitStack() as stack:
        children = [stack.enter_context(child(open_only, backend)) for _ in range(4)]
        words = [one.next_word() for one in children]

    assert words == ["opened"] * 4


@pytest.mark.integration
def test_a_process_killed_while_posts_are_read_has_kept_none(
    backend: StoreBackend, store: Store
) -> None:
    known(store)

    with child(stop_while_reading_posts, backend) as saving:
        assert saving.next_word() == "reading"
        saving.kill()

    assert store.count_posts(ALICE) == 0
    assert store.save_posts(ALICE, [a_post(1)], NOW).created == 1


@pytest.mark.integration
@pytest.mark.parametrize("rounds", [1, 2, 4, 7])
def test_a_process_killed_while_it_writes_posts_has_kept_all_of_a_save_or_nothing(
    backend: StoreBackend, rounds: int
) -> None:
    store = backend.open()
    known(store)
    store.close()

    with child(save_again_and_again, backend) as saving:
        while saving.next_word() < rounds:
            pass
        saving.kill()

    again = backend.open()
    posts = again.unclassified_posts(ALICE, MODEL, max_posts=None, limit=2 * backend.many)
    again.close()
    assert len(posts) == backend.many
    assert len({(post.engagement.likes, post.text) for post in posts}) == 1
    assert posts[0].engagement.likes >= rounds - 1


@pytest.mark.integration
def test_a_process_killed_while_it_classifies_leaves_what_it_did_and_work_to_resume(
    backend: StoreBackend,
) -> None:
    store = backend.open()
    queued(store, "a1")
    total = min(40, backend.many // 4) * BATCH
    store.save_posts(ALICE, [a_post(number) for number in range(total)], NOW)
    store.close()

    with child(classify_in_batches, backend) as classifying:
        while (said := classifying.next_word()) < 5 * BATCH:
            pass
        classifying.kill()

    again = backend.open()
    done = len(again.classified_posts(ALICE, MODEL, max_posts=None))
    left = again.count_unclassified(ALICE, MODEL, max_posts=None)
    interrupted = again.analysis("a1")
    resumed = taken(again, "a1", now=NOW + timedelta(days=2))
    again.close()
    assert said <= done <= said + BATCH
    assert done + left == total
    assert interrupted is not None
    assert interrupted.state is AnalysisState.RUNNING
    assert done - BATCH <= interrupted.progress.classified <= done
    assert (resumed.analysis_id, resumed.token) == ("a1", 2)
