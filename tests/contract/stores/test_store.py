"""Hold every store to what the port promises about queueing analyses, and to being a store.

The rest of the contract: test_store_users.py, test_store_posts.py, test_store_classifications.py,
test_store_leases.py, test_store_moods.py, test_store_sources.py and, for several threads and
processes at once and for crashes, test_store_at_once.py.
"""

from __future__ import annotations

import pytest

from api.domain.analyses import Analysis, AnalysisRequest, AnalysisState
from api.errors import ConflictError
from api.ports.store import Store
from tests.contract.stores.store_examples import (
    ALICE,
    NOW,
    PROGRESS,
    SOON,
    an_analysis,
    claimed,
    finished,
    known,
    queued,
    stored,
    taken,
)
from tests.contract.stores.stores import StoreBackend


def test_a_queued_analysis_comes_back_as_it_went_in(store: Store) -> None:
    known(store)
    request = AnalysisRequest(ALICE, "x", max_posts=12, as_of="newest", source_user="al.ice")
    analysis = Analysis("a1", request, created_at=NOW)

    made, created = store.create_analysis(analysis, idempotency_key=None)

    assert created
    assert made == store.analysis("a1") == analysis


def test_an_unknown_analysis_is_none(store: Store) -> None:
    assert store.analysis("nothing") is None


def test_the_same_idempotency_key_gives_the_same_analysis(store: Store) -> None:
    known(store)
    first, _ = store.create_analysis(an_analysis("a1"), idempotency_key="key")

    again, created = store.create_analysis(an_analysis("a2"), idempotency_key="key")

    assert (again, created) == (first, False)
    assert store.analysis("a2") is None


def test_the_same_idempotency_key_gives_the_analysis_even_when_it_is_finished(store: Store) -> None:
    known(store)
    store.create_analysis(an_analysis("a1"), idempotency_key="key")
    store.finish(
        taken(store, "a1"), at=SOON, progress=PROGRESS, mood="Cheerful", result={}, hashtags=[]
    )

    again, created = store.create_analysis(an_analysis("a2"), idempotency_key="key")

    assert (again.analysis_id, again.state, created) == ("a1", AnalysisState.SUCCEEDED, False)


def test_the_same_idempotency_key_with_another_request_is_a_conflict(store: Store) -> None:
    known(store)
    store.create_analysis(an_analysis("a1"), idempotency_key="key")
    other = an_analysis("a2", request=AnalysisRequest(ALICE, max_posts=5))

    with pytest.raises(ConflictError):
        store.create_analysis(other, idempotency_key="key")

    assert store.analysis("a2") is None


def test_two_users_may_use_the_same_idempotency_key(store: Store) -> None:
    known(store)
    known(store, "bob")
    store.create_analysis(an_analysis("a1"), idempotency_key="key")

    _, created = store.create_analysis(an_analysis("b1", "bob"), idempotency_key="key")

    assert created


@pytest.mark.parametrize("key", [None, "another key"])
def test_while_an_analysis_is_under_way_it_stands_for_any_other(
    store: Store, key: str | None
) -> None:
    claimed(store, "a1")

    standing, created = store.create_analysis(an_analysis("a2"), idempotency_key=key)

    assert (standing.analysis_id, standing.state, created) == ("a1", AnalysisState.RUNNING, False)


def test_after_one_analysis_ended_another_is_made(store: Store) -> None:
    finished(store, "a1")

    _, created = store.create_analysis(an_analysis("a2"), idempotency_key=None)

    assert created


def test_a_store_that_works_answers_a_ping(store: Store) -> None:
    store.ping()

    assert store.analysis("nothing") is None


def test_what_was_written_is_there_for_whoever_opens_the_store_next(backend: StoreBackend) -> None:
    first = backend.open()
    queued(first)
    first.close()

    second = backend.open()

    assert stored(second).state is AnalysisState.QUEUED
    second.close()
