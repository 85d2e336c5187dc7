"""Contract of every store: queueing, claims, leases with fencing tokens, and how they end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    Hold,
    Lease,
    Problem,
    Progress,
)
from api.errors import ConflictError, IdempotencyKeyReusedError, LeaseLostError, NotFoundError
from api.ports.analysis_queue import Waiting
from api.ports.store import Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    PROGRESS,
    SOON,
    a_post,
    an_analysis,
    claimed,
    finished,
    known,
    queued,
    stored,
    taken,
)
from tests.contract.stores.test_store_users import LEASED_WRITES


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7))], ids=str)
def test_a_queued_analysis_comes_back_as_it_went_in_with_its_time_in_utc(
    store: Store, zone: timezone
) -> None:
    known(store)
    request = AnalysisRequest(ALICE, "x", max_posts=12, as_of="newest", source_user="al.ice")
    analysis = Analysis("a1", request, created_at=NOW.astimezone(zone))

    made, created = store.create_analysis(analysis, idempotency_key=None)

    assert created
    assert made == stored(store) == analysis
    assert made.created_at.tzinfo == stored(store).created_at.tzinfo == UTC


@pytest.mark.parametrize("ended", [False, True], ids=["queued", "succeeded"])
def test_an_idempotency_key_gives_the_analysis_that_it_started(store: Store, ended: bool) -> None:
    known(store)
    store.create_analysis(an_analysis("a1"), idempotency_key="key")
    if ended:
        store.finish(
            taken(store, "a1"), at=SOON, progress=PROGRESS, mood="Cheerful", result={}, hashtags=[]
        )
    first = stored(store)

    again, created = store.create_analysis(an_analysis("a2"), idempotency_key="key")

    assert (again, created) == (first, False)
    assert again.state is (AnalysisState.SUCCEEDED if ended else AnalysisState.QUEUED)
    assert store.analysis("a2") is None


@pytest.mark.parametrize("joined", [False, True], ids=["started", "joined"])
@pytest.mark.parametrize("ended", [False, True], ids=["queued", "cancelled"])
def test_an_idempotency_key_is_refused_for_another_request(
    store: Store, joined: bool, ended: bool
) -> None:
    known(store)
    if joined:
        store.create_analysis(an_analysis("a1"), idempotency_key=None)
    store.create_analysis(an_analysis("a1"), idempotency_key="key")
    if ended:
        store.cancel("a1", SOON)
    other = an_analysis("a2", request=AnalysisRequest(ALICE, max_posts=5))

    with pytest.raises(IdempotencyKeyReusedError):
        store.create_analysis(other, idempotency_key="key")

    assert store.analysis("a2") is None


def test_a_key_that_found_an_analysis_running_stands_for_it_after_its_end_too(store: Store) -> None:
    known(store)
    store.create_analysis(an_analysis("a1"), idempotency_key="first")
    for key in ("second", "third"):
        store.create_analysis(an_analysis("a2"), idempotency_key=key)
    store.cancel("a1", SOON)

    again = [
        store.create_analysis(an_analysis("a3"), idempotency_key=key)
        for key in ("first", "second", "third")
    ]

    assert [(one.analysis_id, created) for one, created in again] == [("a1", False)] * 3
    assert store.create_analysis(an_analysis("a3"), idempotency_key=None)[1]


def test_a_key_never_stands_for_an_analysis_that_was_asked_for_differently(store: Store) -> None:
    known(store)
    store.create_analysis(an_analysis("a1"), idempotency_key=None)
    other = an_analysis("a2", request=AnalysisRequest(ALICE, max_posts=5))

    with pytest.raises(ConflictError, match="a1") as refused:
        store.create_analysis(other, idempotency_key="key")

    assert not isinstance(refused.value, IdempotencyKeyReusedError)
    store.cancel("a1", SOON)
    made, created = store.create_analysis(other, idempotency_key="key")
    assert (made.analysis_id, created) == ("a2", True)


def test_an_analysis_takes_a_bounded_number_of_keys(store: Store) -> None:
    known(store)
    for number in range(100):
        store.create_analysis(an_analysis("a1"), idempotency_key=f"key {number}")

    with pytest.raises(ConflictError, match="100 idempotency keys"):
        store.create_analysis(an_analysis("a1"), idempotency_key="one too many")

    assert store.create_analysis(an_analysis("a2"), idempotency_key="key 99")[1] is False


def test_two_users_may_use_the_same_idempotency_key(store: Store) -> None:
    known(store)
    known(store, "bob")
    store.create_analysis(an_analysis("a1"), idempotency_key="key")

    _, created = store.create_analysis(an_analysis("b1", "bob"), idempotency_key="key")

    assert created


@pytest.mark.parametrize("key", [None, "another key"])
@pytest.mark.parametrize("state", [AnalysisState.RUNNING, AnalysisState.QUEUED])
def test_a_running_or_deferred_analysis_stands_for_any_other(
    store: Store, key: str | None, state: AnalysisState
) -> None:
    lease = claimed(store, "a1")
    if state is AnalysisState.QUEUED:
        store.defer(lease, LATER)

    standing, created = store.create_analysis(an_analysis("a2"), idempotency_key=key)

    assert (standing.analysis_id, standing.state, created) == ("a1", state, False)


def test_a_claim_marks_the_analysis_running(store: Store) -> None:
    queued(store)

    claim = store.claim("a1", owner="worker-7", now=SOON, until=LATER)

    assert claim is not None
    analysis, lease = claim
    assert analysis == stored(store)
    assert (analysis.state, analysis.attempt) == (AnalysisState.RUNNING, 1)
    assert analysis.started_at == SOON
    assert (lease.analysis_id, lease.owner, lease.until) == ("a1", "worker-7", LATER)


def test_the_oldest_waiting_analysis_is_claimed_first(store: Store) -> None:
    queued(store, "younger", "bob", created_at=NOW)
    queued(store, "oldest", "carol", created_at=NOW - timedelta(hours=2))
    queued(store, "older", "dave", created_at=NOW - timedelta(hours=1))

    claims = [taken(store, None).analysis_id for _ in range(3)]

    assert claims == ["oldest", "older", "younger"]
    assert store.claim(None, owner="worker", now=NOW, until=SOON) is None


def test_what_waits_is_counted_with_the_time_of_the_oldest(store: Store) -> None:
    assert store.waiting() == Waiting(0, None)
    for name, created_at in (("a1", NOW), ("a2", SOON), ("a3", LATER), ("a4", LATER)):
        known(store, name)
        analysis = replace(an_analysis(name), request=AnalysisRequest(name), created_at=created_at)
        store.create_analysis(analysis, idempotency_key=None)

    store.finish(taken(store, "a1"), at=SOON, progress=PROGRESS, mood=None, result={}, hashtags=[])
    store.defer(taken(store, "a4"), LATER)
    everything = store.waiting()
    taken(store, "a2")

    assert everything == Waiting(2, SOON)
    assert store.waiting() == Waiting(1, LATER)


def test_what_is_leased_deferred_ended_or_unknown_cannot_be_claimed(store: Store) -> None:
    claimed(store, "leased", "bob")
    store.defer(claimed(store, "deferred", "dave"), NOW)
    finished(store, "ended", "carol")

    claims = [
        store.claim(analysis_id, owner="other", now=LATER, until=LATER)
        for analysis_id in ("leased", "deferred", "ended", "unknown", None)
    ]

    assert claims == [None] * 5


def test_what_is_held_is_told_with_what_changes_at_each_renewal(store: Store) -> None:
    queued(store, "queued", "carol")
    deferred = claimed(store, "deferred", "bob")
    store.defer(deferred, LATER)
    lease = claimed(store, "leased")
    first = {hold.analysis_id: hold for hold in store.holds()}
    store.renew(lease, until=SOON, progress=PROGRESS)

    later = {hold.analysis_id: hold for hold in store.holds()}

    assert first == {
        "deferred": Hold("deferred", deferred.token, LATER, deferred=True),
        "leased": Hold("leased", lease.token, lease.until, deferred=False),
    }
    assert later == {**first, "leased": Hold("leased", lease.token, SOON, deferred=False)}


def test_what_is_held_by_a_dead_worker_is_taken_over_with_a_higher_token(store: Store) -> None:
    old = claimed(store)
    store.renew(old, until=SOON, progress=PROGRESS)
    (hold,) = store.holds()

    claim = store.take_over(hold, owner="other", now=SOON, until=LATER)

    assert claim is not None
    analysis, lease = claim
    assert analysis == stored(store)
    assert lease == Lease("a1", "other", old.token + 1, LATER)
    assert (analysis.attempt, analysis.progress, analysis.started_at) == (2, PROGRESS, NOW)


def renewed(store: Store, lease: Lease) -> None:
    store.renew(lease, until=lease.until + timedelta(microseconds=1), progress=PROGRESS)


@pytest.mark.parametrize(
    "change",
    [
        renewed,
        lambda store, lease: store.release(lease),
        lambda store, lease: store.defer(lease, lease.until),
        lambda store, lease: store.cancel(lease.analysis_id, SOON),
        lambda store, _: store.erase_user(ALICE, SOON),
        lambda store, lease: taken(store, lease.analysis_id),
    ],
    ids=["renewed", "released", "deferred", "cancelled", "erased", "taken over by another"],
)
def test_what_is_held_otherwise_by_now_is_not_taken_over(
    store: Store, change: Callable[[Store, Lease], object]
) -> None:
    lease = claimed(store)
    (hold,) = store.holds()
    change(store, lease)
    before = store.holds()

    claim = store.take_over(hold, owner="other", now=LATER, until=LATER)

    assert claim is None
    assert store.holds() == before


def test_renewing_extends_the_lease_and_records_progress(store: Store) -> None:
    lease = claimed(store)

    renewed = store.renew(lease, until=LATER, progress=PROGRESS)

    assert renewed == Lease("a1", lease.owner, lease.token, LATER)
    assert stored(store).progress == PROGRESS
    assert store.claim("a1", owner="other", now=LATER, until=LATER) is None


def test_finishing_keeps_result_mood_and_hashtags(store: Store) -> None:
    lease = claimed(store)
    store.set_matchable(ALICE, True)
    result = {"mood": "Cheerful", "scores": {"joy": 1 / 3}, "posts": [1, None, "é"]}

    store.finish(
        lease, at=SOON, progress=PROGRESS, mood="Cheerful", result=result, hashtags=["a", "b", "a"]
    )

    analysis = stored(store)
    assert (analysis.state, analysis.finished_at) == (AnalysisState.SUCCEEDED, SOON)
    assert (analysis.progress, analysis.result) == (PROGRESS, result)
    latest = store.latest_mood(ALICE)
    assert latest is not None
    assert (latest.analysis_id, latest.result) == ("a1", result)
    (candidate,) = store.friend_candidates("bob", "Cheerful", ["b"], limit=2)
    assert candidate.hashtags == ("a", "b")


def test_failing_keeps_the_problem(store: Store) -> None:
    lease = claimed(store)
    problem = Problem("source-unavailable", "X did not answer", "Try again in an hour.")

    store.fail(lease, at=SOON, progress=PROGRESS, problem=problem)

    analysis = stored(store)
    assert (analysis.state, analysis.finished_at) == (AnalysisState.FAILED, SOON)
    assert (analysis.progress, analysis.problem) == (PROGRESS, problem)
    assert store.latest_mood(ALICE) is None


def test_releasing_puts_the_analysis_back_in_the_queue(store: Store) -> None:
    lease = claimed(store)
    store.renew(lease, until=LATER, progress=PROGRESS)

    store.release(lease)

    assert stored(store).state is AnalysisState.QUEUED
    assert stored(store).progress == PROGRESS
    assert taken(store, None).token == lease.token + 1


def taken_over(store: Store, lease: Lease) -> None:
    """Let another worker claim the analysis after the lease ended."""
    taken(store, lease.analysis_id, now=lease.until + timedelta(seconds=1))


def put_back_and_taken_by_the_same_worker(store: Store, lease: Lease) -> None:
    store.release(lease)
    taken(store, lease.analysis_id)


def ended(store: Store, lease: Lease) -> None:
    problem = Problem("ended", "Ended", "It ended.")
    store.fail(lease, at=SOON, progress=PROGRESS, problem=problem)


@pytest.mark.parametrize("write", LEASED_WRITES.values(), ids=LEASED_WRITES)
@pytest.mark.parametrize(
    "lose",
    [
        taken_over,
        lambda store, lease: store.release(lease),
        put_back_and_taken_by_the_same_worker,
        ended,
        lambda store, lease: store.cancel(lease.analysis_id, SOON),
    ],
    ids=["taken over", "put back", "put back and taken by the same worker", "ended", "cancelled"],
)
def test_a_run_that_lost_its_lease_writes_nothing(
    store: Store,
    lose: Callable[[Store, Lease], object],
    write: Callable[[Store, Lease], object],
) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(1)], NOW)
    lease = claimed(store)
    lose(store, lease)
    before = (stored(store), store.export_user(ALICE))

    with pytest.raises(LeaseLostError):
        write(store, lease)

    assert (stored(store), store.export_user(ALICE)) == before
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 1


def test_releasing_a_lost_lease_changes_nothing(store: Store) -> None:
    lease = claimed(store)
    taken_over(store, lease)
    before = stored(store)

    store.release(lease)

    assert stored(store) == before


def test_a_deferred_analysis_waits_in_the_queue_until_its_time(store: Store) -> None:
    lease = claimed(store)
    store.renew(lease, until=LATER, progress=PROGRESS)

    store.defer(lease, LATER)

    deferred = stored(store)
    assert (deferred.state, deferred.waits_until) == (AnalysisState.QUEUED, LATER)
    assert deferred.progress == PROGRESS
    for analysis_id in ("a1", None):
        assert store.claim(analysis_id, owner="other", now=LATER, until=LATER) is None
    queued(store, "behind", "bob", created_at=SOON)
    assert taken(store, None, now=SOON).analysis_id == "behind"


def test_a_deferred_analysis_is_taken_over_and_the_first_attempt_was_none(store: Store) -> None:
    lease = claimed(store)
    store.defer(lease, SOON)

    again = taken(store, "a1", now=SOON)

    assert again.token == lease.token + 1
    assert (stored(store).attempt, stored(store).waits_until) == (1, None)


@pytest.mark.parametrize("running", [False, True], ids=["queued", "running"])
def test_a_cancelled_analysis_is_at_its_end(store: Store, running: bool) -> None:
    queued(store)
    if running:
        store.renew(taken(store, "a1"), until=SOON, progress=PROGRESS)

    answered = store.cancel("a1", SOON)

    assert answered == stored(store)
    assert (answered.state, answered.finished_at) == (AnalysisState.CANCELLED, SOON)
    assert answered.progress == (replace(PROGRESS, place=None) if running else Progress())
    assert store.claim(None, owner="other", now=LATER, until=LATER) is None
    assert store.create_analysis(an_analysis("a2"), idempotency_key=None)[1] is True


def deferred_and_cancelled(store: Store) -> None:
    store.defer(claimed(store), LATER)
    assert store.cancel("a1", SOON).waits_until is None


@pytest.mark.parametrize("end", [finished, deferred_and_cancelled])
def test_cancelling_an_analysis_that_has_ended_changes_nothing(
    store: Store, end: Callable[[Store], None]
) -> None:
    end(store)
    before = stored(store)

    answered = store.cancel("a1", LATER)

    assert answered == stored(store) == before


def test_an_unknown_analysis_is_none_and_cannot_be_cancelled(store: Store) -> None:
    assert store.analysis("unknown") is None
    with pytest.raises(NotFoundError):
        store.cancel("unknown", NOW)


def test_what_runs_is_told_with_its_worker_but_not_what_waits(store: Store) -> None:
    queued(store, "waiting")
    lease = claimed(store, "running", "bob")
    store.defer(claimed(store, "deferred", "carl"), LATER)

    (running,) = store.running()

    assert (running.analysis_id, running.owner) == ("running", lease.owner)
    assert (running.until, running.started_at, running.attempt) == (lease.until, NOW, 1)


def test_what_failed_is_told_newest_first_from_a_time_on(store: Store) -> None:
    for number, at in enumerate((NOW, SOON, LATER)):
        lease = claimed(store, f"failed {number}", f"user{number}")
        problem = Problem("kind", "title", f"detail {number}")
        store.fail(lease, at=at, progress=PROGRESS, problem=problem)
    finished(store, "succeeded", "bob", at=LATER)

    failed = store.failures(since=SOON, limit=9)

    assert [each.analysis_id for each in failed] == ["failed 2", "failed 1"]
    assert (failed[0].at, failed[0].problem.detail) == (LATER, "detail 2")
    assert len(store.failures(since=NOW, limit=1)) == 1
