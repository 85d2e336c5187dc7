"""Contract of every store: opening it, users, consent, user data export and erasure."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.domain.analyses import AnalysisState, FetchPosition, Lease, Problem, Progress
from api.domain.posts import Post
from api.errors import LeaseLostError, NotFoundError, StoreUnavailableError
from api.ports.store import Store, UserRecord
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    PROGRESS,
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
    taken,
)
from tests.contract.stores.stores import StoreBackend


def test_a_store_answers_a_ping_until_it_is_closed(store: Store) -> None:
    store.ping()
    store.close()

    with pytest.raises(StoreUnavailableError, match="is closed"):
        store.ping()


def test_what_was_written_is_there_for_whoever_opens_the_store_next(
    backend: StoreBackend,
) -> None:
    first = backend.open()
    queued(first)
    first.close()

    second = backend.open()

    assert stored(second).state is AnalysisState.QUEUED
    second.close()


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7))], ids=str)
def test_a_new_user_comes_back_as_they_went_in_with_their_time_in_utc(
    store: Store, zone: timezone
) -> None:
    made = store.ensure_user(ALICE, "Alice", NOW.astimezone(zone))

    assert made == store.user(ALICE) == UserRecord(ALICE, "Alice", NOW, None)
    assert made.created_at.utcoffset() == timedelta(0)


def test_ensuring_a_known_user_changes_nothing(store: Store) -> None:
    first = store.ensure_user(ALICE, "Alice", NOW)

    again = store.ensure_user(ALICE, "ALICE", LATER)

    assert again == first


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
        lambda store: store.correct_post("nobody", "1", "joy"),
    ],
    ids=[
        "set_consent",
        "set_matchable",
        "save_posts",
        "create_analysis",
        "export_user",
        "sign_in",
        "correct_post",
    ],
)
def test_only_ensure_user_makes_a_user(store: Store, write: Callable[[Store], object]) -> None:
    with pytest.raises(NotFoundError):
        write(store)

    assert store.user("nobody") is None


def test_a_user_comes_back_with_what_they_agreed_to_last(store: Store) -> None:
    known(store)
    for matchable, training in ((True, False), (False, True), (False, False)):
        store.set_consent(ALICE, LATER, words="2026-11", training=training)
        store.set_matchable(ALICE, matchable)

        user = store.user(ALICE)

        assert user is not None
        assert (user.consented_at, user.matchable, user.training) == (LATER, matchable, training)


def with_everything(store: Store) -> None:
    known(store)
    store.set_consent(ALICE, NOW, words="2026-11", training=True)
    store.set_matchable(ALICE, True)
    store.save_posts(ALICE, [a_full_post()], NOW)
    store.correct_post(ALICE, a_full_post().post_id, "fear")
    finished(store, "done", hashtags=("music",))
    store.add_feedback("done", "Satisfied", LATER)
    store.set_sign_in(ALICE, "x", "sealed secret")
    for key in ("second key", "key"):
        store.create_analysis(an_analysis("running"), idempotency_key=key)
    lease = taken(store, "running")
    store.set_source_mark(lease, "x", "alice", "9")
    store.save_classifications(lease, MODEL, [(a_full_post().post_id, a_classification())])


def test_an_export_contains_everything_as_json(store: Store) -> None:
    with_everything(store)

    exported = json.dumps(store.export_user(ALICE))

    export = json.loads(exported)

    assert set(export) == {
        "user", "consents", "posts", "analyses", "moods", "feedback", "sources", "sign_ins",
    }  # fmt: skip
    assert export["user"]["hashtags"] == ["music"]
    assert export["user"]["matchable"] is True
    assert export["user"]["training"] is True
    assert export["consents"] == [
        {"consented_at": NOW.isoformat(), "words": "2026-11", "training": True}
    ]
    (post,) = export["posts"]
    assert post["text"] == a_full_post().text
    assert post["engagement"]["bookmarks"] == 5
    assert post["correction"] == "fear"
    assert post["classification"]["model"] == MODEL
    assert post["classification"]["scores"] == a_classification().scores
    assert {one["analysis_id"] for one in export["analyses"]} == {"done", "running"}
    keys = sorted(one["idempotency_keys"] for one in export["analyses"])
    assert keys[-1] == ["key", "second key"]
    assert not any(keys[:-1])
    assert [one["mood"] for one in export["moods"]] == ["Cheerful"]
    assert [one["mood"] for one in export["feedback"]] == ["Satisfied"]
    assert export["sources"] == [{"source": "x", "account": "alice", "fetched_to": "9"}]
    assert export["sign_ins"] == ["x"]
    assert "sealed secret" not in exported


def test_erasing_a_user_leaves_nothing_of_them_and_the_other_users(store: Store) -> None:
    known(store, "bob")
    store.save_posts("bob", [a_post(1)], NOW)
    with_everything(store)

    complete = store.erase_user(ALICE, LATER)

    assert complete
    assert not store.erasure_pending(ALICE)
    assert store.finish_erasures()
    assert store.user(ALICE) is None
    assert store.count_posts(ALICE) == 0
    assert store.analysis("done") is None
    assert store.analysis("running") is None
    assert store.latest_mood(ALICE) is None
    assert store.friend_candidates("bob", "Cheerful", ["music"], limit=9) == []
    with pytest.raises(NotFoundError):
        store.export_user(ALICE)
    assert store.user("bob") is not None
    assert store.count_posts("bob") == 1


def test_a_user_who_comes_back_starts_anew(store: Store) -> None:
    with_everything(store)
    store.erase_user(ALICE, LATER)

    again = store.ensure_user(ALICE, "Alice", LATER)

    assert again == UserRecord(ALICE, "Alice", LATER, None)
    assert store.count_posts(ALICE) == 0
    assert store.source_mark(ALICE, "x", "alice") is None
    assert store.sign_in(ALICE, "x") is None
    assert store.latest_mood(ALICE) is None
    _, created = store.create_analysis(an_analysis("new"), idempotency_key="key")
    assert created


def test_erasing_someone_unknown_does_nothing(store: Store) -> None:
    store.erase_user("nobody", NOW)

    assert store.user("nobody") is None


LEASED_WRITES: dict[str, Callable[[Store, Lease], object]] = {
    "renew": lambda store, lease: store.renew(
        lease, until=LATER, progress=replace(PROGRESS, place=FetchPosition("p9", None, None))
    ),
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


def test_whom_a_store_erased_is_erased_again_where_they_are_back_from_before(
    store: Store,
) -> None:
    store.ensure_user(ALICE, "Alice", NOW)
    store.erase_user(ALICE, LATER)
    store.ensure_user(ALICE, "Alice", NOW)
    store.ensure_user("bob", "Bob", NOW)

    replayed = store.replay_erasures(store.erasures())

    assert (replayed.users, replayed.of_another_store) == (1, 0)
    assert store.user(ALICE) is None
    assert store.user("bob") is not None


def test_who_returned_after_their_erasure_stays_when_it_is_replayed(store: Store) -> None:
    store.ensure_user(ALICE, "Alice", NOW)
    store.erase_user(ALICE, SOON)
    store.ensure_user(ALICE, "Alice", LATER)

    replayed = store.replay_erasures(store.erasures())

    assert replayed.users == 0
    assert store.user(ALICE) is not None


def test_a_store_knows_the_erasures_that_were_replayed_also_of_people_whom_it_never_had(
    store: Store,
) -> None:
    store.ensure_user(ALICE, "Alice", NOW)
    store.erase_user(ALICE, SOON)
    (known,) = store.erasures()
    unknown = replace(known, user_hash="ab" * 32, at=LATER)
    others = replace(known, store="another")

    replayed = store.replay_erasures([known, unknown, others])

    assert replayed.of_another_store == 1
    assert store.erasures() == [known, unknown]


def test_users_with_a_mood_are_listed_in_order(store: Store) -> None:
    for name in ("dora", "bob", "carl"):
        store.ensure_user(name, name, NOW)
        finished(store, user_id=name, analysis_id=f"of {name}")
    store.ensure_user(ALICE, "Alice", NOW)

    assert store.users_with_mood(after=None, limit=2) == ["bob", "carl"]
    assert store.users_with_mood(after="carl", limit=2) == ["dora"]
