"""Contract of every store: opening it, users, consent, user data export and erasure."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest

from api.domain.analyses import AnalysisState, Lease, Problem, Progress
from api.domain.posts import Post
from api.errors import LeaseLostError, NotFoundError
from api.ports.store import Store, UserRecord
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    SOON,
    a_classification,
    a_full_post,
    a_post,
    an_analysis,
    claimed,
    finished,
    known,
    queued,
    stored,
)
from tests.contract.stores.stores import StoreBackend


def test_a_store_that_works_answers_a_ping(store: Store) -> None:
    store.ping()

    assert store.user("nobody") is None


def test_what_was_written_is_there_for_whoever_opens_the_store_next(
    backend: StoreBackend,
) -> None:
    first = backend.open()
    queued(first)
    first.close()

    second = backend.open()

    assert stored(second).state is AnalysisState.QUEUED
    second.close()


def test_a_new_user_comes_back_as_they_went_in(store: Store) -> None:
    made = store.ensure_user(ALICE, "Alice", NOW)

    assert made == store.user(ALICE) == UserRecord(ALICE, "Alice", NOW, None)


def test_ensuring_a_known_user_changes_nothing(store: Store) -> None:
    first = store.ensure_user(ALICE, "Alice", NOW)

    again = store.ensure_user(ALICE, "ALICE", LATER)

    assert again == first


def test_a_time_given_in_another_zone_comes_back_as_the_same_time_in_utc(store: Store) -> None:
    given = NOW.astimezone(timezone(timedelta(hours=-7)))

    made = store.ensure_user(ALICE, "Alice", given)

    assert made.created_at == NOW
    assert made.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("at", [LATER, None], ids=["given", "withdrawn"])
def test_consent_is_stored_with_its_time(store: Store, at: datetime | None) -> None:
    known(store)
    store.set_consent(ALICE, NOW)

    store.set_consent(ALICE, at)

    user = store.user(ALICE)
    assert user is not None
    assert user.consented_at == at


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.set_consent("nobody", NOW),
        lambda store: store.set_matchable("nobody", True),
        lambda store: store.save_posts("nobody", [a_post(1)], NOW),
        lambda store: store.create_analysis(an_analysis(user_id="nobody"), idempotency_key=None),
        lambda store: store.export_user("nobody"),
        lambda store: store.set_sign_in("nobody", "x", "sealed"),
    ],
    ids=["set_consent", "set_matchable", "save_posts", "create_analysis", "export_user", "sign_in"],
)
def test_only_ensure_user_makes_a_user(store: Store, write: Callable[[Store], object]) -> None:
    with pytest.raises(NotFoundError):
        write(store)

    assert store.user("nobody") is None


def with_everything(store: Store) -> None:
    """Store something of each kind about Alice."""
    known(store)
    store.set_consent(ALICE, NOW, words="2026-11")
    store.set_matchable(ALICE, True)
    store.save_posts(ALICE, [a_full_post()], NOW)
    finished(store, "done", hashtags=("music",))
    store.add_feedback("done", "Satisfied", LATER)
    store.create_analysis(an_analysis("running"), idempotency_key="key")


def test_an_export_contains_everything_as_json(store: Store) -> None:
    with_everything(store)
    claim = store.claim("running", owner="worker", now=NOW, until=SOON)
    assert claim is not None
    store.save_classifications(claim[1], MODEL, [(a_full_post().post_id, a_classification())])

    export = json.loads(json.dumps(store.export_user(ALICE)))

    assert set(export) == {
        "user", "consents", "posts", "analyses", "moods", "feedback", "sources", "sign_ins",
    }  # fmt: skip
    assert export["user"]["hashtags"] == ["music"]
    assert export["user"]["matchable"] is True
    assert export["consents"] == [{"consented_at": NOW.isoformat(), "words": "2026-11"}]
    (post,) = export["posts"]
    assert post["text"] == a_full_post().text
    assert post["engagement"]["bookmarks"] == 5
    assert post["classification"]["model"] == MODEL
    assert post["classification"]["scores"] == a_classification().scores
    assert {one["analysis_id"] for one in export["analyses"]} == {"done", "running"}
    assert {one["idempotency_key"] for one in export["analyses"]} == {None, "key"}
    assert [one["mood"] for one in export["moods"]] == ["Cheerful"]
    assert [one["mood"] for one in export["feedback"]] == ["Satisfied"]


def test_erasing_a_user_leaves_nothing_of_them(store: Store) -> None:
    with_everything(store)

    store.erase_user(ALICE, LATER)

    assert store.user(ALICE) is None
    assert store.count_posts(ALICE) == 0
    assert store.analysis("done") is None
    assert store.analysis("running") is None
    assert store.latest_mood(ALICE) is None
    assert store.friend_candidates("bob", "Cheerful", ["music"], limit=9) == []
    with pytest.raises(NotFoundError):
        store.export_user(ALICE)


def test_a_user_who_comes_back_starts_anew(store: Store) -> None:
    with_everything(store)
    store.erase_user(ALICE, LATER)

    again = store.ensure_user(ALICE, "Alice", LATER)

    assert again == UserRecord(ALICE, "Alice", LATER, None)
    assert store.count_posts(ALICE) == 0
    assert store.latest_mood(ALICE) is None
    _, created = store.create_analysis(an_analysis("new"), idempotency_key="key")
    assert created


def test_erasing_one_user_leaves_the_others(store: Store) -> None:
    known(store, "bob")
    store.save_posts("bob", [a_post(1)], NOW)
    with_everything(store)

    store.erase_user(ALICE, LATER)

    assert store.user("bob") is not None
    assert store.count_posts("bob") == 1


def test_erasing_someone_unknown_does_nothing(store: Store) -> None:
    store.erase_user("nobody", NOW)

    assert store.user("nobody") is None


LEASED_WRITES: dict[str, Callable[[Store, Lease], object]] = {
    "renew": lambda store, lease: store.renew(lease, until=LATER, progress=Progress(9, 9, 9, 9)),
    "save_classifications": lambda store, lease: store.save_classifications(
        lease, MODEL, [("1", a_classification())]
    ),
    "finish": lambda store, lease: store.finish(
        lease, at=LATER, progress=Progress(), mood="Stressed", result={}, hashtags=["late"]
    ),
    "fail": lambda store, lease: store.fail(
        lease, at=LATER, progress=Progress(), problem=Problem("late", "Late", "Too late.")
    ),
    "defer": lambda store, lease: store.defer(lease, LATER),
}


@pytest.mark.parametrize("write", LEASED_WRITES.values(), ids=LEASED_WRITES)
@pytest.mark.parametrize("back", [False, True], ids=["gone", "back again"])
def test_a_run_cannot_write_for_a_user_erased_meanwhile(
    store: Store, write: Callable[[Store, Lease], object], back: bool
) -> None:
    lease = claimed(store)
    store.erase_user(ALICE, SOON)
    if back:
        known(store)
        store.save_posts(ALICE, [a_post(1)], LATER)

    with pytest.raises(LeaseLostError):
        write(store, lease)

    assert (store.user(ALICE) is not None) == back
    assert store.latest_mood(ALICE) is None
    assert store.latest_classified_posts(ALICE) == []


@pytest.mark.parametrize("back", [False, True], ids=["gone", "back again"])
def test_posts_being_read_when_their_user_is_erased_are_not_kept(store: Store, back: bool) -> None:
    known(store)

    def erased_while_reading() -> Iterator[Post]:
        yield a_post(1)
        store.erase_user(ALICE, SOON)
        if back:
            known(store)
        yield a_post(2)

    with pytest.raises(NotFoundError):
        store.save_posts(ALICE, erased_while_reading(), NOW)

    assert store.count_posts(ALICE) == 0
