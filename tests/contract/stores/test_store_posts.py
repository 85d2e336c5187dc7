"""Hold every store to what the port promises about posts and their order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.domain.posts import Engagement, Ownership, Post
from api.ports.store import SavedPosts, Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    a_full_post,
    a_post,
    known,
    unclassified_ids,
    with_posts,
)
from tests.contract.stores.stores import StoreBackend


def test_a_post_comes_back_as_it_went_in(store: Store) -> None:
    known(store)

    store.save_posts(ALICE, [a_full_post()], NOW)

    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [a_full_post()]
    assert posts[0].created_at.utcoffset() == timedelta(0)


def test_half_an_emoji_is_kept_as_a_replacement_character(store: Store) -> None:
    known(store)

    store.save_posts(ALICE, [a_post(1, text="cut \ud83d")], NOW)

    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert post.text == "cut \ufffd"


def test_a_count_too_large_to_keep_is_kept_as_the_largest(store: Store) -> None:
    known(store)

    store.save_posts(ALICE, [a_post(1, engagement=Engagement(likes=10**30))], NOW)

    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert post.engagement == Engagement(likes=2**63 - 1)


def test_saving_counts_new_changed_and_unchanged_posts(store: Store) -> None:
    with_posts(store, 1, 2, 3)

    saved = store.save_posts(
        ALICE, [a_post(1), a_post(2, engagement=Engagement(likes=7)), a_post(4), a_post(5)], LATER
    )

    assert saved == SavedPosts(created=2, updated=1, unchanged=1)
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


def test_two_users_may_have_a_post_of_the_same_id(store: Store) -> None:
    with_posts(store, 1)
    known(store, "bob")

    saved = store.save_posts("bob", [a_post(1, text="of bob")], NOW)

    assert saved == SavedPosts(created=1)
    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert post.text == "post 1"


def test_saving_no_posts_is_no_error(store: Store) -> None:
    known(store)

    assert store.save_posts(ALICE, [], NOW) == SavedPosts()


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


@pytest.mark.parametrize(
    "hashtags", [(), ("a",), ("a", "b"), ('a","b', "c"), ("\\", "b"), ("été", "b"), ("",)]
)
def test_hashtags_come_back_as_they_were(store: Store, hashtags: tuple[str, ...]) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(1, hashtags=hashtags)], NOW)

    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=2)

    assert post.hashtags == hashtags
