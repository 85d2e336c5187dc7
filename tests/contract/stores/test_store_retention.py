"""Contract of every store: the sweep deletes what is past its retention and nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.domain.analyses import AnalysisRequest, AnalysisState
from api.errors import IdempotencyKeyReusedError
from api.ports.store import PastRetention, Store, SweepRecord
from tests.contract.stores.store_examples import (
    ALICE,
    PROGRESS,
    a_post,
    an_analysis,
    known,
    stored,
    taken,
    unclassified_ids,
)
from tests.contract.stores.stores import KEPT, TODAY, StoreBackend

MOMENT = timedelta(seconds=1)


@pytest.fixture
def store(backend: StoreBackend) -> Iterator[Store]:
    store = backend.open(KEPT)
    known(store)
    yield store
    store.close()


def analysed(store: Store, analysis_id: str = "a1") -> None:
    store.create_analysis(an_analysis(analysis_id, created_at=TODAY), idempotency_key=None)
    store.finish(
        taken(store, analysis_id, now=TODAY),
        at=TODAY,
        progress=PROGRESS,
        mood="Cheerful",
        result={"quotes": "a post"},
        hashtags=["music"],
    )


def test_posts_are_kept_up_to_their_last_moment_and_then_deleted_unlike_their_mood(
    store: Store,
) -> None:
    store.save_posts(ALICE, [a_post(1), a_post(2)], TODAY)
    analysed(store)

    early = store.sweep(TODAY + KEPT.posts)
    kept = unclassified_ids(store)
    deleted = store.sweep(TODAY + KEPT.posts + MOMENT)

    assert (early, kept) == (0, ["2", "1"])
    assert (deleted, store.count_posts(ALICE)) == (2, 0)
    assert store.user(ALICE) is not None
    assert store.latest_mood(ALICE) is not None


def test_retention_counts_from_the_last_import_of_a_post(store: Store) -> None:
    store.save_posts(ALICE, [a_post(1), a_post(2)], TODAY)
    store.save_posts(ALICE, [a_post(2)], TODAY + timedelta(days=20))

    store.sweep(TODAY + KEPT.posts + MOMENT)

    assert unclassified_ids(store) == ["2"]


def test_a_mood_is_deleted_with_its_analysis_its_result_and_its_feedback(store: Store) -> None:
    store.set_matchable(ALICE, True)
    analysed(store)
    store.add_feedback("a1", "Satisfied", TODAY + timedelta(days=100))

    store.sweep(TODAY + KEPT.moods)
    kept = store.latest_mood(ALICE)
    deleted = store.sweep(TODAY + KEPT.moods + MOMENT)

    assert kept is not None
    assert deleted == 1
    assert store.latest_mood(ALICE) is None
    assert store.analysis("a1") is None
    assert store.interests(ALICE) == []
    assert store.friend_candidates("bob", "Cheerful", ["music"], limit=9) == []
    assert store.friend_candidates("bob", "Cheerful", [], limit=9) == []
    export = store.export_user(ALICE)
    assert [export[name] for name in ("analyses", "moods", "feedback")] == [[], [], []]


def test_an_idempotency_key_is_kept_as_long_as_its_analysis(store: Store) -> None:
    for key in ("started", "joined"):
        store.create_analysis(an_analysis("a1", created_at=TODAY), idempotency_key=key)
    store.cancel("a1", TODAY)
    request = AnalysisRequest(ALICE, max_posts=1)

    store.sweep(TODAY + KEPT.moods)
    for key in ("started", "joined"):
        with pytest.raises(IdempotencyKeyReusedError):
            store.create_analysis(an_analysis("b1", request=request), idempotency_key=key)
    store.sweep(TODAY + KEPT.moods + MOMENT)

    for key in ("started", "joined"):
        made, _ = store.create_analysis(an_analysis("b1", request=request), idempotency_key=key)
        assert made.analysis_id == "b1"


def test_an_analysis_that_has_not_ended_is_never_deleted(store: Store) -> None:
    store.create_analysis(an_analysis("a1", created_at=TODAY), idempotency_key=None)

    deleted = store.sweep(TODAY + 2 * KEPT.moods)

    assert deleted == 0
    assert stored(store).state is AnalysisState.QUEUED


def test_what_a_sweep_would_delete_can_be_counted_before(store: Store) -> None:
    store.save_posts(ALICE, [a_post(1), a_post(2)], TODAY)
    store.save_posts(ALICE, [a_post(2), a_post(3)], TODAY + timedelta(days=20))
    analysed(store)
    store.create_analysis(an_analysis("under way", created_at=TODAY), idempotency_key=None)

    early = store.past_retention(TODAY + KEPT.posts)
    later = store.past_retention(TODAY + KEPT.posts + MOMENT)
    last = store.past_retention(TODAY + KEPT.moods + MOMENT)
    store.sweep(TODAY + KEPT.moods + MOMENT)

    assert early == PastRetention(3, 0, 1, 0)
    assert (later, later.share) == (PastRetention(3, 1, 1, 0), 1 / 3)
    assert (last, last.share) == (PastRetention(3, 3, 1, 1), 1.0)
    assert store.past_retention(TODAY + 2 * KEPT.moods) == PastRetention(0, 0, 0, 0)
    assert PastRetention(0, 0, 0, 0).share == 0.0


def test_the_record_of_sweeps_is_there_for_whoever_sweeps_next(backend: StoreBackend) -> None:
    first, second = SweepRecord(TODAY, 0.25), SweepRecord(TODAY + MOMENT, 0.0)
    store = backend.open()

    unknown = store.sweep_record()
    store.set_sweep_record(first)
    store.set_sweep_record(second)
    store.close()

    again = backend.open()
    assert (unknown, again.sweep_record()) == (None, second)
    again.set_sweep_record(first)
    assert again.sweep_record() == first
    again.close()
