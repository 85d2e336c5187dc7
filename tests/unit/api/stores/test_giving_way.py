"""Which of several posts of one content key give way; the stores' contract tests the rest."""

import pytest

from api.stores.same_posts import Standing, giving_way, standing_of

NEW, KNOWN, KNOWN_CONTENT_ID, NEW_CONTENT_ID = Standing


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ([NEW, NEW, KNOWN], []),
        ([KNOWN, KNOWN_CONTENT_ID], []),  # both stored by an older version: neither is new
        ([KNOWN_CONTENT_ID, KNOWN_CONTENT_ID], []),
        ([NEW, KNOWN_CONTENT_ID, KNOWN_CONTENT_ID], [(1, 0, True), (2, 0, False)]),
        ([NEW, NEW, KNOWN_CONTENT_ID], [(2, 0, True)]),
        ([NEW, KNOWN, KNOWN_CONTENT_ID, NEW_CONTENT_ID], [(2, 0, True), (3, 0, False)]),
        ([KNOWN, KNOWN, NEW_CONTENT_ID], [(2, 0, False)]),
        ([KNOWN_CONTENT_ID, NEW_CONTENT_ID, NEW_CONTENT_ID], [(1, 0, False), (2, 0, False)]),
        ([NEW_CONTENT_ID, NEW_CONTENT_ID], [(1, 0, False)]),
    ],
)
def test_posts_with_content_ids_give_way_to_the_first_and_never_those_with_ids_of_a_source(
    standings: list[Standing], expected: list[tuple[int, int, bool]]
) -> None:
    posts = [("key", standing, str(number)) for number, standing in enumerate(standings)]

    found = [(int(post_id), int(kept), taken) for post_id, kept, taken in giving_way(posts)]

    assert found == expected


def test_posts_of_different_keys_do_not_meet() -> None:
    posts = [("a", NEW, "1"), ("b", KNOWN_CONTENT_ID, "2"), ("c", NEW_CONTENT_ID, "3")]

    assert list(giving_way(posts)) == []


def test_a_standing_says_whether_a_post_is_stored_and_whose_its_id_is() -> None:
    found = [
        standing_of(known=known, content_id=content_id)
        for known, content_id in [(False, False), (True, False), (True, True), (False, True)]
    ]

    assert found == list(Standing)
