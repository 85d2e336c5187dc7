"""Language codes and hashtags of posts."""

import pytest

from api.domain.posts import Ownership, interests, is_english, is_known_language
from tests.support.posts import post


@pytest.mark.parametrize("code", ["en", "EN", "en-GB", "en_US", "eng"])
def test_english_of_any_region_is_english(code: str) -> None:
    assert is_english(code)


@pytest.mark.parametrize("code", ["de", "pt-BR", "zh-Hans", "enm"])
def test_other_languages_are_known_and_not_english(code: str) -> None:
    assert is_known_language(code)
    assert not is_english(code)


@pytest.mark.parametrize("code", [None, "", "und", "zxx", "qme", "qht", "qam"])
def test_codes_that_name_no_language_are_unknown(code: str | None) -> None:
    assert not is_known_language(code)


def test_interests_are_the_most_used_hashtags_then_the_alphabet() -> None:
    posts = [
        post("1", hashtags=("tea", "running")),
        post("2", hashtags=("running", "art")),
        post("3", hashtags=("running", "tea")),
        post("4", hashtags=("zoo",)),
    ]

    assert interests(posts, 3) == ["running", "tea", "art"]


def test_interests_are_of_posts_that_the_user_wrote() -> None:
    posts = [
        post("1", ownership=Ownership.SHARED, hashtags=("football",)),
        post("2", ownership=Ownership.LIKED, hashtags=("football",)),
        post("3", hashtags=("tea",)),
    ]

    assert interests(posts, 5) == ["tea"]


def test_a_hashtag_counts_once_per_post() -> None:
    posts = [
        post("1", hashtags=("spam", "spam", "Spam")),
        post("2", hashtags=("tea",)),
        post("3", hashtags=("tea",)),
    ]

    assert interests(posts, 5) == ["tea", "spam"]
