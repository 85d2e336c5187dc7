"""Contract of every store: corrections of posts, how long they last, and who lends them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.domain.posts import Ownership, StoredPost
from api.errors import NotFoundError
from api.ports.store import LabelledPost, LabelledPosts, Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    OTHER_MODEL,
    a_classification,
    a_post,
    classified,
    known,
    with_posts,
)
from tests.contract.stores.stores import KEPT, StoreBackend

CONTENT_ID = "a" * 32


def corrections(store: Store) -> dict[str, str | None]:
    """Return the corrections of Alice's classified posts by id."""
    return {item.post.post_id: item.correction for item in store.latest_classified_posts(ALICE)}


def test_a_corrected_post_keeps_the_scores_of_the_model_and_counts_as_corrected(
    store: Store,
) -> None:
    with_posts(store, 1, 2)
    classified(store, 1, 2)

    corrected = store.correct_post(ALICE, "1", "anger")

    assert corrected == StoredPost(a_post(1), a_classification("joy"), "anger")
    assert corrected.emotion == "anger"
    assert corrections(store) == {"1": "anger", "2": None}
    assert [item.correction for item in store.classified_posts(ALICE, MODEL, max_posts=None)] == [
        None,
        "anger",
    ]


def test_a_correction_is_replaced_and_taken_back(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    replaced = store.correct_post(ALICE, "1", "fear")
    taken_back = store.correct_post(ALICE, "1", None)
    again = store.correct_post(ALICE, "1", None)

    assert replaced.correction == "fear"
    assert taken_back == again == StoredPost(a_post(1), a_classification("joy"), None)
    assert corrections(store) == {"1": None}


def test_a_post_that_is_not_classified_yet_can_be_corrected(store: Store) -> None:
    with_posts(store, 1)

    corrected = store.correct_post(ALICE, "1", "love")

    assert corrected == StoredPost(a_post(1), None, "love")
    classified(store, 1)
    assert corrections(store) == {"1": "love"}


def test_a_correction_outlasts_a_classification_by_another_model(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    classified(store, 1, model=OTHER_MODEL, label="sadness")

    (item,) = store.classified_posts(ALICE, OTHER_MODEL, max_posts=None)
    assert (item.classification.label, item.correction) == ("sadness", "anger")


@pytest.mark.parametrize("post_id", ["2", "", "one \ud83d", "$ne"])
def test_an_unknown_post_cannot_be_corrected(store: Store, post_id: str) -> None:
    with_posts(store, 1)
    store.save_posts(known(store, "bob"), [a_post(2)], NOW)

    with pytest.raises(NotFoundError):
        store.correct_post(ALICE, post_id, "joy")

    assert store.correct_post("bob", "2", None).correction is None


@pytest.mark.parametrize("is_classified", [True, False])
@pytest.mark.parametrize(
    ("change", "left"),
    [({"text": "another text"}, None), ({"language": "en"}, "anger"), ({}, "anger")],
)
def test_a_correction_ends_with_the_text_and_with_nothing_else(
    store: Store, change: dict[str, str], left: str | None, is_classified: bool
) -> None:
    with_posts(store, 1)
    if is_classified:
        classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    store.save_posts(ALICE, [a_post(1, **change)], LATER)

    classified(store, 1)
    assert corrections(store) == {"1": left}


def test_a_dry_run_leaves_the_corrections(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    store.save_posts(ALICE, [a_post(1, text="another text")], LATER, dry_run=True)

    assert corrections(store) == {"1": "anger"}


@pytest.mark.parametrize(("text", "left"), [("post 1", "anger"), ("POST 1!", None)])
def test_a_post_that_takes_the_place_of_the_same_post_takes_its_correction_with_the_text(
    store: Store, text: str, left: str | None
) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(1, post_id=CONTENT_ID)], NOW)
    store.correct_post(ALICE, CONTENT_ID, "anger")

    store.save_posts(ALICE, [a_post(1, text=text)], LATER)

    assert store.count_posts(ALICE) == 1
    classified(store, 1)
    assert corrections(store) == {"1": left}


def test_a_duplicate_that_gives_way_leaves_the_correction_of_the_post_that_is_kept(
    store: Store,
) -> None:
    with_posts(store, 1)
    classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    saved = store.save_posts(ALICE, [a_post(1, post_id=CONTENT_ID)], LATER)

    assert saved.duplicates == 1
    assert corrections(store) == {"1": "anger"}


def test_the_correction_of_an_earlier_version_goes_with_it(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1)
    store.correct_post(ALICE, "1", "anger")

    store.save_posts(ALICE, [a_post(2, text="edited", earlier_ids=("1",))], LATER)

    classified(store, 2)
    assert corrections(store) == {"2": None}


def test_retention_and_erasure_delete_corrections_with_their_posts(backend: StoreBackend) -> None:
    store = backend.open(KEPT)
    with_posts(store, 1, 2)
    store.set_consent(ALICE, NOW, training=True)
    store.correct_post(ALICE, "1", "anger")
    store.save_posts(ALICE, [a_post(3)], NOW + KEPT.posts)
    store.correct_post(ALICE, "3", "fear")

    store.sweep(NOW + KEPT.posts + timedelta(days=1))
    after_the_sweep = store.labelled_posts()
    store.erase_user(ALICE, LATER)
    with_posts(store, 1, 3)
    store.set_consent(ALICE, NOW, training=True)

    assert after_the_sweep == LabelledPosts([LabelledPost("post 3", "fear")], 0)
    assert store.labelled_posts() == LabelledPosts([], 0)
    store.close()


def test_labelled_posts_are_those_of_users_who_agreed_to_training_as_they_stand_now(
    store: Store,
) -> None:
    for user in (ALICE, "bob", "carol", "dan"):
        known(store, user)
        store.save_posts(user, [replace(a_post(1), text=f"{user} writes")], NOW)
        store.correct_post(user, "1", "anger")
        store.set_consent(user, NOW, training=user != "bob")
    store.set_consent("carol", LATER)  # agrees to the rest only, from now on
    store.set_consent("dan", None)

    assert store.labelled_posts() == LabelledPosts([LabelledPost("alice writes", "anger")], 0)


def test_labelled_posts_are_own_ones_by_their_texts_and_those_of_others_are_counted(
    store: Store,
) -> None:
    known(store)
    posts = [
        a_post(1, text="c"),
        a_post(2, text="a"),
        a_post(3, text="b", ownership=Ownership.SHARED),
        a_post(4, text="d", ownership=Ownership.LIKED),
        a_post(5, text="e"),
    ]
    store.save_posts(ALICE, posts, NOW)
    store.set_consent(ALICE, NOW, training=True)
    for post in posts[:4]:
        store.correct_post(ALICE, post.post_id, "joy")

    bob = known(store, "bob")  # who agrees to no training
    store.save_posts(bob, [a_post(1, ownership=Ownership.SHARED)], NOW)
    store.set_consent(bob, NOW)
    store.correct_post(bob, "1", "joy")

    own = [LabelledPost("a", "joy"), LabelledPost("c", "joy")]
    assert store.labelled_posts() == LabelledPosts(own, of_others=2)
