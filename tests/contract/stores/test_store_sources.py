"""Contract of every store: source marks, positions of fetches and sign-ins."""

import pytest

from api.errors import LeaseLostError
from api.ports.store import Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    NOW,
    PROGRESS,
    SOON,
    claimed,
    known,
    stored,
    taken,
)


def test_what_was_never_fetched_has_no_mark(store: Store) -> None:
    known(store)

    assert store.source_mark(ALICE, "x", "alice") is None
    assert store.source_mark("nobody", "x", "nobody") is None


def test_a_mark_is_kept_for_each_account_at_each_source_until_it_is_removed(store: Store) -> None:
    lease = claimed(store)

    store.set_source_mark(lease, "x", "alice", "9")
    store.set_source_mark(lease, "x", "alice_too", "7")
    store.set_source_mark(lease, "x", "alice", "11")

    assert store.source_mark(ALICE, "x", "alice") == "11"
    assert store.source_mark(ALICE, "x", "alice_too") == "7"
    assert store.source_mark(ALICE, "bluesky", "alice") is None

    store.set_source_mark(lease, "x", "alice", None)
    store.set_source_mark(lease, "x", "never", None)

    assert store.source_mark(ALICE, "x", "alice") is None
    assert store.source_mark(ALICE, "x", "alice_too") == "7"


@pytest.mark.parametrize(("mark", "post_id"), [("9", None), (None, "9"), ("9", "11")])
def test_a_run_that_lost_its_lease_changes_no_mark(
    store: Store, mark: str | None, post_id: str | None
) -> None:
    lease = claimed(store)
    store.set_source_mark(lease, "x", "alice", mark)
    store.release(lease)

    with pytest.raises(LeaseLostError):
        store.set_source_mark(lease, "x", "alice", post_id)

    assert store.source_mark(ALICE, "x", "alice") == mark


def test_the_position_of_a_fetch_is_in_the_next_claim_and_in_the_export(
    store: Store,
) -> None:
    lease = claimed(store)
    store.renew(lease, until=SOON, progress=PROGRESS)
    store.defer(lease, SOON)

    taken(store, "a1", now=LATER)

    assert stored(store).progress.place == PROGRESS.place
    (analysis,) = store.export_user(ALICE)["analyses"]
    assert analysis["progress"]["place"]["next_at"] == "42 timeline 4 t4"


def test_a_sign_in_replaces_the_one_before_until_it_is_removed(store: Store) -> None:
    known(store)

    store.set_sign_in(ALICE, "x", "first")
    store.set_sign_in(ALICE, "x", "second")

    assert store.sign_in(ALICE, "x") == "second"
    assert store.sign_in(ALICE, "elsewhere") is None
    assert store.sign_in("nobody", "x") is None

    store.set_sign_in(ALICE, "x", None)

    assert store.sign_in(ALICE, "x") is None


def test_sign_ins_are_sealed_anew_but_not_those_that_cannot_be_read(store: Store) -> None:
    for name in ("ana", "ben", "cleo"):
        store.ensure_user(name, name, NOW)
        store.set_sign_in(name, "x", f"old {name}")

    done = store.reseal_sign_ins(
        lambda sealed: None if "ben" in sealed else sealed.replace("old", "new")
    )

    assert (done.sealed, done.unreadable) == (2, 1)
    sealed = [store.sign_in(name, "x") for name in ("ana", "ben", "cleo")]
    assert sealed == ["new ana", "old ben", "new cleo"]


def test_a_sign_in_that_changes_while_others_are_sealed_anew_stays_as_it_is(store: Store) -> None:
    store.ensure_user("ana", "ana", NOW)
    store.set_sign_in("ana", "x", "before")

    def refreshed_meanwhile(_sealed: str) -> str:
        store.set_sign_in("ana", "x", "fresh")
        return "resealed"

    done = store.reseal_sign_ins(refreshed_meanwhile)

    assert (done.sealed, done.unreadable) == (0, 0)
    assert store.sign_in("ana", "x") == "fresh"
