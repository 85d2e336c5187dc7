"""Language codes and hashtags of posts."""

import pytest

from api.domain.posts import Ownership, interests, is_english, is_known_language
from tests.support.posts import post


@pytest.mark.parametrize(
    ("codes", "known", "english"),
    [
        (["en", "EN", "en-GB", "en_US", "eng"], True, True),
        (["de", "pt-BR", "zh-Hans", "enm"], True, False),
        ([None, "", "und", "zxx", "qme", "qht", "qam"], False, False),
    ],
    ids=["English of any region", "other languages", "codes that name no language"],
)
def test_a_language_code_is_known_and_english_or_not(
    codes: list[str | None], known: bool, english: bool
) -> None:
    for code in codes:
        assert is_known_language(code) is known, code
        assert is_english(code or "") is english, code


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([("tea", "run"), ("run", "art"), ("run", "tea"), ("zoo",)], ["run", "tea", "art"]),
        ([("spam", "spam", "Spam"), ("tea",), ("tea",)], ["tea", "spam"]),
    ],
    ids=["then the alphabet", "once per post"],
)
def test_interests_are_the_most_used_hashtags_of_posts_that_the_user_wrote(
    written: list[tuple[str, ...]], expected: list[str]
) -> None:
    taken = [
        post("s", ownership=Ownership.SHARED, hashtags=("football",)),
        post("l", ownership=Ownership.LIKED, hashtags=("football",)),
    ]
    own = [post(str(number), hashtags=hashtags) for number, hashtags in enumerate(written)]

    assert interests([*taken, *own], 3) == expected
