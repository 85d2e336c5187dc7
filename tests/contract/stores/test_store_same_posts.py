"""Contract of every store: the same post from two files is one post, of an edited post the last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from api.domain.posts import ClassifiedPost, Engagement, Ownership, Post
from api.ports.store import SavedPosts, Store
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    a_classification,
    a_full_post,
    a_post,
    classified_as,
    known,
    queued,
    taken,
)
from tests.contract.stores.stores import KEPT, TODAY, StoreBackend

WITH_ID = a_post(1, text="A quiet evening by the lake, at last!")
"""A post with the id of its source."""


def made(letter: str, of: Post = WITH_ID, **changes: object) -> Post:
    """Return a post as a file without ids gives it: under an id made from its content."""
    return replace(of, post_id=letter * 32, **changes)


def ids(store: Store, user_id: str = ALICE) -> list[str]:
    posts = store.unclassified_posts(user_id, MODEL, max_posts=None, limit=99)
    found = [*posts, *(one.post for one in store.latest_classified_posts(user_id))]
    return sorted(post.post_id for post in found)


def saved_in(store: Store, *calls: list[Post]) -> SavedPosts:
    """Save posts of Alice call by call and return what the last call answered."""
    known(store)
    for posts in calls:
        # Whatever the case: a dry run says the same and changes nothing.
        before = store.export_user(ALICE)
        foretold = store.save_posts(ALICE, posts, LATER, dry_run=True)
        assert store.export_user(ALICE) == before
        saved = store.save_posts(ALICE, posts, LATER)
        assert saved == foretold
    return saved


AS_OTHER_FILES_HAVE_IT = [
    made("a"),
    made("a", created_at=WITH_ID.created_at.replace(second=0, microsecond=0)),
    made("a", created_at=WITH_ID.created_at.replace(second=59, microsecond=999_999)),
    made("a", text="a QUIET evening by the lake at last"),
    made("a", text="A quiet evening by the lake, at last! https://t.co/abcdefghij"),
    made("a", engagement=Engagement(likes=7), language="en", hashtags=("lake",)),
]
NOT_THE_SAME = [
    made("a", created_at=WITH_ID.created_at + timedelta(minutes=1)),
    made("a", created_at=WITH_ID.created_at - timedelta(minutes=1)),
    made("a", text="A quiet evening by the sea, at last!"),
    made("a", ownership=Ownership.SHARED),
    replace(WITH_ID, post_id="2"),  # ids of a source, different ones
    replace(WITH_ID, post_id="A" * 32),
    replace(WITH_ID, post_id="a" * 31),
]


@pytest.mark.parametrize("other", AS_OTHER_FILES_HAVE_IT)
def test_a_post_without_an_id_that_is_stored_with_one_is_not_saved(
    store: Store, other: Post
) -> None:
    saved = saved_in(store, [WITH_ID], [other, a_post(2)])

    assert saved == SavedPosts(created=1, duplicates=1)
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [a_post(2), WITH_ID]
    assert store.count_posts(ALICE) == 2


@pytest.mark.parametrize("other", AS_OTHER_FILES_HAVE_IT)
def test_a_post_with_an_id_takes_the_place_of_the_same_without_one(
    store: Store, other: Post
) -> None:
    saved = saved_in(store, [other], [a_post(2), WITH_ID])

    assert saved == SavedPosts(created=1, updated=1)
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [a_post(2), WITH_ID]
    assert store.count_posts(ALICE) == 2


@pytest.mark.parametrize("other", AS_OTHER_FILES_HAVE_IT)
@pytest.mark.parametrize("turn", [1, -1], ids=["id first", "id last"])
def test_the_same_post_twice_in_one_save_is_one_post(store: Store, other: Post, turn: int) -> None:
    saved = saved_in(store, [WITH_ID, other][::turn])

    assert saved == SavedPosts(created=1, duplicates=1)
    assert ids(store) == ["1"]


@pytest.mark.parametrize("other", NOT_THE_SAME)
@pytest.mark.parametrize("at_once", [True, False], ids=["one save", "two saves"])
def test_posts_that_are_not_the_same_are_two_posts(
    store: Store, other: Post, at_once: bool
) -> None:
    calls = [[WITH_ID, other]] if at_once else [[WITH_ID], [other]]

    saved = saved_in(store, *calls)

    assert saved == SavedPosts(created=2 if at_once else 1)
    assert ids(store) == sorted(["1", other.post_id])


@pytest.mark.parametrize("at_once", [True, False], ids=["one save", "two saves"])
def test_of_the_same_post_without_an_id_in_two_files_the_first_is_kept(
    store: Store, at_once: bool
) -> None:
    first, other = made("b"), made("a", text="A quiet evening ... by the lake ... at last")
    calls = [[first, other]] if at_once else [[first], [other]]

    saved = saved_in(store, *calls)

    assert saved == SavedPosts(created=int(at_once), duplicates=1)
    assert ids(store) == ["b" * 32]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_two_posts_of_a_source_and_two_without_an_id_are_two_posts_in_any_order(
    store: Store, order: tuple[int, ...]
) -> None:
    same = [WITH_ID, replace(WITH_ID, post_id="2"), made("a"), made("b", text=f"{WITH_ID.text} .")]

    saved = saved_in(store, [same[number] for number in order])

    assert saved == SavedPosts(created=2, duplicates=2)
    assert ids(store) == ["1", "2"]


def test_of_two_new_ids_of_a_source_one_takes_the_place_and_the_other_is_new(store: Store) -> None:
    saved = saved_in(store, [made("a")], [WITH_ID, replace(WITH_ID, post_id="2")])

    assert saved == SavedPosts(created=1, updated=1)
    assert ids(store) == ["1", "2"]


@pytest.mark.parametrize("turn", [1, -1], ids=["id first", "id last"])
def test_a_post_whose_place_is_taken_may_come_again_in_the_same_save(
    store: Store, turn: int
) -> None:
    saved = saved_in(store, [made("a")], [WITH_ID, made("a")][::turn])

    assert saved == SavedPosts(updated=1, duplicates=1)
    assert ids(store) == ["1"]


def test_importing_the_same_files_again_changes_nothing(store: Store) -> None:
    archive, sheet = [WITH_ID, a_post(2)], [made("a"), made("b", a_post(2)), made("c", a_post(3))]

    saved = saved_in(store, sheet, archive, sheet, archive)

    assert saved == SavedPosts(unchanged=2)
    assert saved_in(store, sheet) == SavedPosts(unchanged=1, duplicates=2)
    assert ids(store) == ["1", "2", "c" * 32]


def test_a_change_in_the_text_that_the_comparison_ignores_still_drops_the_classification(
    store: Store,
) -> None:
    refreshed = replace(a_post(2), post_id="22", engagement=Engagement(likes=9))
    saved_in(store, [made("a", text="a quiet evening by the lake at last"), made("b", a_post(2))])
    classified_as(store, {"a" * 32: "joy", "b" * 32: "anger"})

    saved = saved_in(store, [WITH_ID, refreshed])

    assert saved == SavedPosts(updated=2)
    assert store.latest_classified_posts(ALICE) == [
        ClassifiedPost(refreshed, a_classification("anger"))
    ]
    unclassified = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert unclassified == [WITH_ID]


def test_the_same_post_of_two_users_is_two_posts(store: Store) -> None:
    saved_in(store, [WITH_ID])

    saved = store.save_posts(known(store, "bob"), [made("a")], NOW)

    assert saved == SavedPosts(created=1)
    assert (ids(store), ids(store, "bob")) == (["1"], ["a" * 32])


def test_a_duplicate_starts_the_retention_of_the_kept_post_again(backend: StoreBackend) -> None:
    store = backend.open(KEPT)
    known(store)
    store.save_posts(ALICE, [WITH_ID, a_post(2)], TODAY)
    store.save_posts(ALICE, [made("a")], TODAY + timedelta(days=15))

    store.sweep(TODAY + timedelta(days=35))

    assert ids(store) == ["1"]
    store.close()


def test_nobody_who_was_erased_makes_a_post_a_duplicate(store: Store) -> None:
    saved_in(store, [WITH_ID, made("b", a_post(2)), a_post(5, earlier_ids=("4",))])
    store.erase_user(ALICE, LATER)

    saved = saved_in(store, [made("a"), replace(a_post(2), post_id="22"), a_post(4)])

    assert saved == SavedPosts(created=3)


def test_many_posts_of_one_minute_are_compared(store: Store, backend: StoreBackend) -> None:
    def numbered(number: int) -> Post:
        return replace(WITH_ID, post_id=str(number), text=f"thought {number}")

    texts = range(2 * backend.many)
    with_ids = [numbered(number) for number in texts if number % 2]
    without = [replace(numbered(number), post_id=f"{number:032x}") for number in texts]

    saved = saved_in(store, with_ids, without)

    assert saved == SavedPosts(created=backend.many, duplicates=backend.many)


EDITED = a_post(3, text="the last version", earlier_ids=("1", "2"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_an_edited_post_only_the_last_version_is_saved_in_any_order(
    store: Store, order: tuple[int, ...]
) -> None:
    versions = [a_post(1), a_post(2, earlier_ids=("1",)), EDITED]

    saved = saved_in(store, [versions[number] for number in order])

    assert saved == SavedPosts(created=1, edits=2)
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [EDITED]


def test_an_edit_removes_the_earlier_versions_that_were_saved_before(store: Store) -> None:
    saved_in(store, [a_post(1), a_post(2), a_post(4)])
    classified_as(store, {"1": "joy", "2": "joy", "4": "joy"})

    saved = saved_in(store, [EDITED])

    assert saved == SavedPosts(created=1, edits=2)
    assert ids(store) == ["3", "4"]
    assert store.count_posts(ALICE) == 2
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 1
    assert [one.post.post_id for one in store.latest_classified_posts(ALICE)] == ["4"]
    assert [post["post_id"] for post in store.export_user(ALICE)["posts"]] == ["4", "3"]


def test_an_earlier_version_that_comes_later_is_not_saved(store: Store) -> None:
    saved = saved_in(store, [EDITED], [a_post(2), a_post(1, text="as it was"), a_post(5)])

    assert saved == SavedPosts(created=1, edits=2)
    assert ids(store) == ["3", "5"]


def test_an_earlier_version_that_is_stored_and_comes_again_counts_once(store: Store) -> None:
    saved = saved_in(store, [a_post(1)], [a_post(1), EDITED])

    assert saved == SavedPosts(created=1, edits=1)
    assert ids(store) == ["3"]


def test_a_source_that_names_no_earlier_versions_does_not_make_them_forgotten(
    store: Store,
) -> None:
    silent = replace(EDITED, earlier_ids=(), engagement=Engagement(likes=2))

    assert saved_in(store, [EDITED], [silent]) == SavedPosts(updated=1)
    assert saved_in(store, [silent, a_post(1)]) == SavedPosts(unchanged=1, edits=1)

    posts = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert posts == [replace(silent, earlier_ids=EDITED.earlier_ids)]


def test_a_source_that_names_others_replaces_them(store: Store) -> None:
    saved = saved_in(store, [EDITED], [replace(EDITED, earlier_ids=("2",))], [a_post(1), a_post(2)])

    assert saved == SavedPosts(created=1, edits=1)
    assert ids(store) == ["1", "3"]


@pytest.mark.parametrize("at_once", [True, False], ids=["one save", "two saves"])
@pytest.mark.parametrize("turn", [1, -1], ids=["older first", "newer first"])
def test_of_posts_that_name_each_other_the_newer_is_kept(
    store: Store, turn: int, at_once: bool
) -> None:
    each = [a_post(9, earlier_ids=("9", "10")), a_post(10, earlier_ids=("9", "10"))][::turn]

    saved_in(store, *([each] if at_once else [[one] for one in each]))

    assert ids(store) == ["10"]


def test_a_post_that_an_edit_removes_makes_no_other_a_duplicate(store: Store) -> None:
    edited = a_post(2, text="edited", earlier_ids=("1",))

    saved = saved_in(store, [WITH_ID], [made("a"), edited])

    assert saved == SavedPosts(created=2, edits=1)
    assert ids(store) == ["2", "a" * 32]


def test_an_edit_is_forgotten_with_its_post(backend: StoreBackend) -> None:
    store = backend.open(KEPT)
    known(store)
    store.save_posts(ALICE, [EDITED], TODAY)
    store.sweep(TODAY + timedelta(days=31))

    saved = store.save_posts(ALICE, [a_post(1)], TODAY + timedelta(days=31))

    assert saved == SavedPosts(created=1)
    store.close()


def test_posts_removed_during_an_analysis_are_not_classified_by_it(store: Store) -> None:
    saved_in(store, [a_post(1), made("a", a_post(5))])
    lease = taken(store, queued(store))

    saved_in(store, [EDITED, a_post(5)])
    store.save_classifications(
        lease, MODEL, [("1", a_classification()), ("a" * 32, a_classification())]
    )

    assert store.latest_classified_posts(ALICE) == []
    assert store.count_unclassified(ALICE, MODEL, max_posts=None) == 2
    assert store.count_posts(ALICE) == 2


def test_an_edit_of_another_user_removes_nothing(store: Store) -> None:
    saved_in(store, [a_post(1)])

    store.save_posts(known(store, "bob"), [EDITED], NOW)

    assert ids(store) == ["1"]


def test_a_dry_run_for_somebody_unknown_answers_and_makes_no_user(store: Store) -> None:
    edited = a_post(3, earlier_ids=("2",))
    posts = [WITH_ID, made("a"), edited, a_post(2), a_post(9)]

    saved = store.save_posts(ALICE, posts, NOW, dry_run=True)

    assert saved == SavedPosts(created=3, duplicates=1, edits=1)
    assert store.user(ALICE) is None
    assert store.save_posts(ALICE, [], NOW, dry_run=True) == SavedPosts()
    assert saved_in(store, posts) == saved


def test_a_dry_run_passes_on_the_error_of_the_iterable(store: Store) -> None:
    known(store)

    def broken() -> Iterator[Post]:
        yield WITH_ID
        raise RuntimeError("bad row")

    with pytest.raises(RuntimeError, match="bad row"):
        store.save_posts(ALICE, broken(), NOW, dry_run=True)

    assert store.count_posts(ALICE) == 0


@pytest.mark.parametrize(
    "change", [{"earlier_ids": ("7",)}, {"own_word": "rad"}], ids=lambda change: next(iter(change))
)
def test_what_a_file_newly_says_of_a_known_post_is_taken(
    store: Store, change: dict[str, object]
) -> None:
    saved = saved_in(store, [WITH_ID], [replace(WITH_ID, **change)])

    assert saved == SavedPosts(updated=1)
    (post,) = store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=9)
    assert post == replace(WITH_ID, **change)


def test_the_users_data_export_has_their_own_word_and_the_earlier_ids(store: Store) -> None:
    saved_in(store, [replace(a_full_post(), own_word="so-so", earlier_ids=("7", "8"))])

    (post,) = store.export_user(ALICE)["posts"]

    assert (post["own_word"], post["earlier_ids"]) == ("so-so", ["7", "8"])
