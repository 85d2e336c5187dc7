"""Contract of every store: saving posts, their order and their classifications."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.domain.posts import ClassifiedPost, Engagement, Ownership, Post
from api.ports.store import SavedPosts, Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    OTHER_MODEL,
    a_classification,
    a_full_post,
    a_post,
    claimed,
    classified,
    classified_ids,
    known,
    unclassified_ids,
    with_posts,
)
from tests.contract.stores.stores import StoreBackend


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        (a_full_post(), {}),
        (a_post(1, text="half an emoji \ud83d"), {"text": "half an emoji \ufffd"}),
        (a_post(1, engagement=Engagement(10**30)), {"engagement": Engagement(2**63 - 1)}),
        *(
            (a_post(1, hashtags=tags), {})
            for tags in [(), ("a",), ("a", "b"), ('a","b', "c"), ("\\", "b"), ("été", "b"), ("",)]
        ),
    ],
    ids=["full", "lone surrogate", "large count", *(f"hashtags {number}" for number in range(7))],
)
def test_a_post_comes_back_as_it_was_saved(
    store: Store, given: Post, changes: dict[str, Any]
) -> None:
    known(store)

    store.save_posts(ALICE, [given], NOW)

    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert post == replace(given, **changes)
    assert post.created_at.utcoffset() == timedelta(0)


def test_saving_counts_new_changed_and_unchanged_posts(store: Store) -> None:
    with_posts(store, 1, 2, 3)

    saved = store.save_posts(
        ALICE, [a_post(1), a_post(2, engagement=Engagement(likes=7)), a_post(4), a_post(5)], LATER
    )

    assert saved == SavedPosts(created=2, updated=1, unchanged=1)
    assert store.save_posts(ALICE, [], LATER) == SavedPosts()
    assert store.count_posts(ALICE) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"text": "another text"},
        {"created_at": NOW},
        {"ownership": Ownership.LIKED},
        {"engagement": Engagement(replies=1)},
        {"language": "en"},
        {"hashtags": ("new",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_known_post_takes_what_the_source_says_now(
    store: Store, change: dict[str, object]
) -> None:
    with_posts(store, 1)

    saved = store.save_posts(ALICE, [a_post(1, **change)], LATER)

    assert saved == SavedPosts(updated=1)
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [a_post(1, **change)]


def test_a_post_that_comes_twice_is_one_post_in_its_last_version(store: Store) -> None:
    known(store)

    saved = store.save_posts(ALICE, [a_post(1), a_post(1, text="edited")], NOW)

    assert saved.created == 1
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert [post.text for post in posts] == ["edited"]


@pytest.mark.parametrize(
    "error", [RuntimeError("bad row"), sqlite3.OperationalError("of a source"), KeyboardInterrupt()]
)
def test_an_error_of_the_iterable_leaves_the_store_as_it_was_and_is_not_changed(
    store: Store, backend: StoreBackend, error: BaseException
) -> None:
    with_posts(store, 1)

    def broken() -> Iterator[Post]:
        for number in range(1, 3 * backend.many):
            yield a_post(number, text="not to be kept")
        raise error

    with pytest.raises(type(error)) as caught:
        store.save_posts(ALICE, broken(), LATER)

    assert caught.value is error
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9999)
    assert posts == [a_post(1)]


def test_an_unknown_user_is_created_with_their_first_posts(store: Store) -> None:
    saved = store.save_posts(ALICE, [a_post(1), a_post(2)], NOW, new_user="Alice")
    again = store.save_posts(ALICE, [a_post(2), a_post(3)], LATER, new_user="Other")

    user = store.user(ALICE)
    assert user is not None
    assert (user.user_name, user.created_at) == ("Alice", NOW)
    assert (saved.created, again.created, again.unchanged) == (2, 1, 1)
    assert store.count_posts(ALICE) == 3


@pytest.mark.parametrize("dry_run", [True, False])
def test_no_user_is_created_without_any_post(store: Store, dry_run: bool) -> None:
    saved = store.save_posts(ALICE, [], NOW, new_user="Alice", dry_run=dry_run)

    assert saved == SavedPosts()
    assert store.user(ALICE) is None


@pytest.mark.parametrize("dry_run", [True, False])
def test_posts_that_break_off_create_no_user(
    store: Store, backend: StoreBackend, dry_run: bool
) -> None:
    def broken() -> Iterator[Post]:
        yield from (a_post(number) for number in range(3 * backend.many))
        raise RuntimeError("bad row")

    with pytest.raises(RuntimeError):
        store.save_posts(ALICE, broken(), NOW, new_user="Alice", dry_run=dry_run)

    assert store.user(ALICE) is None


def test_a_new_user_whom_others_create_while_posts_are_read_has_the_posts_of_both(
    store: Store,
) -> None:
    def slow() -> Iterator[Post]:
        yield a_post(1)
        store.save_posts(ALICE, [a_post(2)], NOW, new_user="Theirs")
        yield a_post(3)

    store.save_posts(ALICE, slow(), NOW, new_user="Mine")

    user = store.user(ALICE)
    assert user is not None
    assert user.user_name == "Theirs"
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert {post.post_id for post in posts} == {a_post(number).post_id for number in (1, 2, 3)}


def test_others_write_while_posts_are_read(store: Store) -> None:
    known(store)

    def slow() -> Iterator[Post]:
        yield a_post(1)
        store.save_posts(known(store, "bob"), [a_post(2)], NOW)
        yield a_post(3)

    store.save_posts(ALICE, slow(), NOW)

    assert store.count_posts(ALICE) == 2
    assert store.count_posts("bob") == 1


def test_posts_come_newest_first_and_those_of_equal_age_by_the_number_of_their_id(
    store: Store,
) -> None:
    known(store)
    same_age = [a_post(number, created_at=NOW) for number in (9, 100, 99, 10)]
    newest = a_post(1, created_at=NOW + timedelta(microseconds=1))

    store.save_posts(ALICE, [*same_age, newest], NOW)

    assert unclassified_ids(store) == ["1", "100", "99", "10", "9"]
    assert unclassified_ids(store, limit=3) == ["1", "100", "99"]


def test_max_posts_means_the_newest_of_all_posts_not_of_the_unclassified(store: Store) -> None:
    with_posts(store, 1, 2, 3, 4, 5)
    classified(store, 5, 3, 1)

    assert unclassified_ids(store, max_posts=3) == ["4"]
    assert store.count_unclassified(ALICE, MODEL, max_posts=3) == 1
    assert classified_ids(store, max_posts=3) == ["5", "3"]


def test_max_posts_cuts_between_posts_of_equal_age(store: Store) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(n, created_at=NOW) for n in (8, 9, 10, 11)], NOW)
    classified(store, 8, 9)

    assert unclassified_ids(store, max_posts=3) == ["11", "10"]
    assert classified_ids(store, max_posts=3) == ["9"]


@pytest.mark.parametrize(("max_posts", "count"), [(None, 3), (99, 3), (3, 3), (1, 1), (0, 0)])
def test_max_posts_may_be_more_or_fewer_than_there_are(
    store: Store, max_posts: int | None, count: int
) -> None:
    with_posts(store, 1, 2, 3)

    assert len(unclassified_ids(store, max_posts=max_posts)) == count
    assert store.count_unclassified(ALICE, MODEL, max_posts=max_posts) == count


def test_classifications_come_back_as_they_went_in(store: Store) -> None:
    with_posts(store, 1, 2, 3)

    classified(store, 1, 3, label="sadness")

    expected = [ClassifiedPost(a_post(n), a_classification("sadness")) for n in (3, 1)]
    assert store.classified_posts(ALICE, MODEL, max_posts=None) == expected
    assert store.latest_classified_posts(ALICE) == expected
    assert unclassified_ids(store) == ["2"]


def test_another_models_classification_is_not_reused_but_replaced(store: Store) -> None:
    with_posts(store, 1, 2)

    classified(store, 1, model=OTHER_MODEL, label="anger")

    assert unclassified_ids(store) == ["2", "1"]
    assert classified_ids(store) == []
    assert [one.post.post_id for one in store.latest_classified_posts(ALICE)] == ["1"]

    classified(store, 1, model=MODEL, label="joy")

    assert classified_ids(store, OTHER_MODEL) == []
    (one,) = store.latest_classified_posts(ALICE)
    assert one.classification == a_classification("joy")


def test_only_a_changed_text_drops_the_classification_of_a_post(store: Store) -> None:
    with_posts(store, 1, 2, 3)
    classified(store, 1, 2, 3)
    refreshed = a_post(3, engagement=Engagement(likes=1_000))

    store.save_posts(ALICE, [a_post(1, text="edited"), a_post(2), refreshed], LATER)

    assert unclassified_ids(store) == ["1"]
    assert store.classified_posts(ALICE, MODEL, max_posts=None) == [
        ClassifiedPost(post, a_classification()) for post in (refreshed, a_post(2))
    ]


def test_two_users_may_have_a_post_of_the_same_id_and_each_is_classified_by_itself(
    store: Store,
) -> None:
    with_posts(store, 1)
    known(store, "bob")
    saved = store.save_posts("bob", [a_post(1, text="of bob")], NOW)
    lease = claimed(store, "of-bob", "bob")

    store.save_classifications(lease, MODEL, [("1", a_classification())])

    assert saved == SavedPosts(created=1)
    assert store.count_unclassified("bob", MODEL, max_posts=None) == 0
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [a_post(1)]


def test_classifying_a_post_that_is_not_there_makes_none(store: Store) -> None:
    with_posts(store, 1)

    classified(store, 1, 2)

    assert classified_ids(store) == ["1"]
    assert store.count_posts(ALICE) == 1


def test_a_user_who_is_not_there_has_no_posts(store: Store) -> None:
    assert store.count_posts("nobody") == 0
    assert store.unclassified_posts("nobody", MODEL, max_posts=2, limit=9) == []
    assert store.count_unclassified("nobody", MODEL, max_posts=None) == 0
    assert store.classified_posts("nobody", MODEL, max_posts=None) == []
    assert store.latest_classified_posts("nobody") == []
