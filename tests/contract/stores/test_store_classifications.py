"""Hold every store to what the port promises about what is and is not classified yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.domain.posts import ClassifiedPost, Engagement
from api.ports.store import Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    OTHER_MODEL,
    a_classification,
    a_post,
    claimed,
    classified,
    classified_ids,
    known,
    unclassified_ids,
    with_posts,
)


def test_unclassified_posts_are_the_newest_up_to_a_limit(store: Store) -> None:
    with_posts(store, 1, 2, 3, 4)

    assert unclassified_ids(store, limit=3) == ["4", "3", "2"]


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


def test_another_models_classification_is_not_reused(store: Store) -> None:
    with_posts(store, 1, 2)

    classified(store, 1, model=OTHER_MODEL)

    assert unclassified_ids(store) == ["2", "1"]
    assert classified_ids(store) == []
    assert [one.post.post_id for one in store.latest_classified_posts(ALICE)] == ["1"]


def test_another_models_classification_is_replaced(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1, model=OTHER_MODEL, label="anger")

    classified(store, 1, model=MODEL, label="joy")

    assert classified_ids(store, OTHER_MODEL) == []
    (one,) = store.latest_classified_posts(ALICE)
    assert one.classification == a_classification("joy")


def test_new_engagement_keeps_the_classification(store: Store) -> None:
    with_posts(store, 1)
    classified(store, 1)
    refreshed = a_post(1, engagement=Engagement(likes=1_000))

    store.save_posts(ALICE, [refreshed], LATER)

    found = store.classified_posts(ALICE, MODEL, max_posts=None)
    assert found == [ClassifiedPost(refreshed, a_classification())]


def test_a_changed_text_drops_the_classification_of_that_post_alone(store: Store) -> None:
    with_posts(store, 1, 2)
    classified(store, 1, 2)

    store.save_posts(ALICE, [replace(a_post(1), text="edited"), a_post(2)], LATER)

    assert unclassified_ids(store) == ["1"]
    assert classified_ids(store) == ["2"]


def test_classifying_writes_to_the_user_of_the_analysis_alone(store: Store) -> None:
    with_posts(store, 1)
    known(store, "bob")
    store.save_posts("bob", [a_post(1)], NOW)
    lease = claimed(store, "of-bob", "bob")

    store.save_classifications(lease, MODEL, [("1", a_classification())])

    assert store.count_unclassified("bob", MODEL, max_posts=None) == 0
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 1


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
