"""Contract of every store: the posts that a filter wants, and the history of analyses, by page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from api.domain.posts import Ownership, StoredPost
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace
from api.ports.store import Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    NOW,
    SOON,
    a_classification,
    a_full_post,
    a_post,
    cancelled,
    classified_as,
    finished,
    known,
    queued,
    with_posts,
)

ANY = PostFilter()


def ids(posts: list[StoredPost]) -> list[str]:
    return [one.post.post_id for one in posts]


def found(store: Store, wanted: PostFilter = ANY, **changes: object) -> list[str]:
    asked = replace(wanted, **changes)  # type: ignore[arg-type]
    posts = ids(store.found_posts(ALICE, asked, after=None, limit=99))
    assert store.count_found_posts(ALICE, asked) == len(posts)
    return posts


def place_of(store: Store, post_id: str) -> PostPlace:
    posts = store.found_posts(ALICE, ANY, after=None, limit=99)
    (place,) = (
        PostPlace(one.post.created_at, post_id) for one in posts if one.post.post_id == post_id
    )
    return place


def pages(store: Store, wanted: PostFilter, limit: int) -> Iterator[list[str]]:
    after = None
    while page := store.found_posts(ALICE, wanted, after=after, limit=limit):
        yield ids(page)
        last = page[-1].post
        after = PostPlace(last.created_at, last.post_id)


def test_a_found_post_is_whole_with_its_classification_or_without_one(store: Store) -> None:
    known(store)
    store.save_posts(ALICE, [a_full_post(), a_post(1)], NOW)
    classified_as(store, {a_full_post().post_id: "fear"})

    posts = store.found_posts(ALICE, ANY, after=None, limit=9)

    assert posts == [
        StoredPost(a_post(1), None),
        StoredPost(a_full_post(), a_classification("fear")),
    ]


def test_posts_are_found_newest_first_and_those_of_one_time_by_the_number_in_their_id(
    store: Store,
) -> None:
    known(store)
    at_once = [a_post(1, post_id=each) for each in ("9", "10", "b", "a", "é", "z")]
    store.save_posts(ALICE, [*at_once, a_post(0), a_post(2)], NOW)

    assert found(store) == ["2", "10", "é", "z", "b", "a", "9", "0"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_of_any_size_together_hold_each_post_once_in_order(store: Store, limit: int) -> None:
    known(store)
    posts = [a_post(number // 3, post_id=str(number)) for number in range(7)]
    store.save_posts(ALICE, posts, NOW)

    read = [post_id for page in pages(store, ANY, limit) for post_id in page]

    assert read == ["6", "5", "4", "3", "2", "1", "0"]


def test_posts_that_come_or_go_between_pages_change_nothing_about_the_others(store: Store) -> None:
    with_posts(store, 10, 20, 30, 40)
    place = place_of(store, "30")
    store.save_posts(ALICE, [a_post(35), a_post(50), a_post(15)], NOW)
    # Its own post is gone: a later version took its place.
    store.save_posts(ALICE, [a_post(60, earlier_ids=("30",))], NOW)

    after = store.found_posts(ALICE, ANY, after=place, limit=99)

    assert ids(after) == ["20", "15", "10"]


def test_posts_are_found_by_the_emotion_of_the_model(store: Store) -> None:
    with_posts(store, 1, 2, 3, 4)
    classified_as(store, {"1": "anger", "2": "joy", "4": "anger"})

    assert found(store, emotion="anger") == ["4", "1"]
    assert found(store, emotion="fear") == []


def test_a_corrected_post_is_found_by_its_correction_alone_classified_or_not(store: Store) -> None:
    with_posts(store, 1, 2, 3)
    classified_as(store, {"1": "anger", "2": "anger"})
    store.correct_post(ALICE, "2", "joy")
    store.correct_post(ALICE, "3", "joy")

    assert found(store, emotion="anger") == ["1"]
    assert found(store, emotion="joy") == ["3", "2"]
    assert [each.correction for each in store.found_posts(ALICE, ANY, after=None, limit=9)] == [
        "joy", "joy", None,
    ]  # fmt: skip

    store.correct_post(ALICE, "2", None)

    assert found(store, emotion="anger") == ["2", "1"]


def test_a_post_whose_text_changes_no_longer_has_the_emotion_of_the_old_one(store: Store) -> None:
    with_posts(store, 1)
    classified_as(store, {"1": "anger"})
    store.save_posts(ALICE, [a_post(1, text="another")], LATER)

    assert found(store, emotion="anger") == []
    assert found(store) == ["1"]


def test_posts_are_found_by_ownership(store: Store) -> None:
    known(store)
    kinds = [Ownership.OWN, Ownership.SHARED, Ownership.LIKED, Ownership.SHARED]
    store.save_posts(ALICE, [a_post(n, ownership=each) for n, each in enumerate(kinds)], NOW)

    assert found(store, ownership=Ownership.SHARED) == ["3", "1"]
    assert found(store, ownership=Ownership.LIKED) == ["2"]


def test_a_range_has_its_first_moment_and_not_its_end(store: Store) -> None:
    with_posts(store, 1, 2, 3, 4)
    times = {number: a_post(number).created_at for number in range(1, 5)}

    assert found(store, start=times[2], end=times[4]) == ["3", "2"]
    assert found(store, start=times[2]) == ["4", "3", "2"]
    assert found(store, end=times[2]) == ["1"]
    assert found(store, start=times[2] + timedelta(microseconds=1), end=times[3]) == []


def test_nothing_older_than_the_oldest_post_to_look_at_is_found(store: Store) -> None:
    known(store)
    posts = [a_post(1, post_id=each) for each in ("1", "2", "3")]
    store.save_posts(ALICE, [*posts, a_post(0), a_post(4)], NOW)

    assert found(store, oldest=PostPlace(posts[0].created_at, "2")) == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("rain", ["3", "2"]),
        ("straße", ["4"]),
        ("strasse", ["4"]),
        ("i̇", ["5"]),
        ("fine day", ["6"]),
        ("%", ["7"]),
        ("a.c", []),
        ("$", ["7"]),
        ("\\", ["7"]),
        ("snow", []),
    ],
)
def test_a_text_is_found_whatever_its_case_and_form_and_is_no_pattern(
    store: Store, text: str, numbers: list[str]
) -> None:
    known(store)
    texts = ["abc", "RAIN again", "terrain", "Straße", "İ", "ﬁne day", "$ 5 % \\ 3"]
    store.save_posts(ALICE, [a_post(n, text=each) for n, each in enumerate(texts, 1)], NOW)

    wanted = PostFilter(text=text.casefold())

    assert found(store, wanted) == numbers


def test_every_part_of_a_filter_holds_at_once_and_page_by_page(store: Store) -> None:
    known(store)
    kinds = [Ownership.OWN, Ownership.LIKED]
    posts = [
        a_post(n, text="rain" if n % 3 else "sun", ownership=kinds[n % 2]) for n in range(1, 13)
    ]
    store.save_posts(ALICE, posts, NOW)
    classified_as(store, {str(n): "fear" if n % 5 else "joy" for n in range(1, 13)})
    wanted = PostFilter(
        emotion="fear",
        ownership=Ownership.OWN,
        start=a_post(2).created_at,
        end=a_post(12).created_at,
        text="rain",
    )

    read = list(pages(store, wanted, 1))

    assert read == [["8"], ["4"], ["2"]]
    assert store.count_found_posts(ALICE, wanted) == 3


def test_the_place_of_the_nth_post_passes_over_the_text_that_is_wanted(store: Store) -> None:
    with_posts(store, 1, 2, 3)
    classified_as(store, {"1": "joy", "3": "joy"})
    wanted = PostFilter(emotion="joy", text="post 1")

    assert store.found_place(ALICE, wanted, 1) == place_of(store, "3")
    assert store.found_place(ALICE, wanted, 2) == place_of(store, "1")
    assert store.found_place(ALICE, wanted, 3) is None


def test_nothing_is_found_of_others_nor_of_users_who_are_unknown_or_erased(store: Store) -> None:
    with_posts(store, 1)
    known(store, "bob")
    before = store.count_found_posts("bob", ANY), store.found_posts("bob", ANY, after=None, limit=9)
    finished(store)
    store.erase_user(ALICE, LATER)

    assert before == (0, [])
    for user_id in (ALICE, "nobody"):
        for wanted in (ANY, PostFilter(text="post")):
            assert store.found_posts(user_id, wanted, after=None, limit=9) == []
            assert store.count_found_posts(user_id, wanted) == 0
        assert store.found_place(user_id, ANY, 1) is None
        assert store.succeeded_analyses(user_id, after=None, limit=9) == []


def history(store: Store, after: AnalysisPlace | None = None, limit: int = 9) -> list[str]:
    return [each.analysis_id for each in store.succeeded_analyses(ALICE, after=after, limit=limit)]


def test_the_history_holds_the_succeeded_analyses_of_the_user_newest_first(store: Store) -> None:
    finished(store, "first", at=NOW)
    finished(store, "second", at=SOON, mood=None)
    cancelled(store, "third")
    finished(store, "of-bob", "bob", at=SOON)
    queued(store, "fourth")

    (newest, oldest) = store.succeeded_analyses(ALICE, after=None, limit=9)

    assert (newest.analysis_id, oldest.analysis_id) == ("second", "first")
    assert newest.result == {"mood": None, "by": "second"}
    assert (newest.created_at, newest.finished_at) == (NOW, SOON)


def test_the_history_goes_on_behind_any_place_also_among_analyses_that_ended_at_once(
    store: Store,
) -> None:
    for name, at in [("a", NOW), ("c", SOON), ("b", SOON), ("d", SOON), ("e", LATER)]:
        finished(store, name, at=at)

    assert history(store) == ["e", "d", "c", "b", "a"]
    assert history(store, limit=2) == ["e", "d"]
    assert history(store, AnalysisPlace(SOON, "c")) == ["b", "a"]
    assert history(store, AnalysisPlace(SOON, "cc"), limit=1) == ["c"]
    assert history(store, AnalysisPlace(NOW, "a")) == []
