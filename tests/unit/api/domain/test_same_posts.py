"""When two posts have the same content key, and which ids were made from content."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.domain.posts import Engagement, Ownership, Post, content_key, is_content_id
from api.intake.post_fields import id_from_content

AT = datetime(2021, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def key(text: str, at: datetime = AT, ownership: Ownership = Ownership.OWN) -> str:
    return content_key(Post("1", text, at, ownership))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Such a day", "such  a\nDAY."),
        ("Such a day", "Such a day https://t.co/AbC1234567"),
        ("Such a day", "http://example.com/a?b=c#d Such a day"),
        ("Such a day", "Such a day pic.twitter.com/AbC1234567"),
        ("Such a day", "Such a day https://t.co/Ab…"),
        ("so long that it is cut", "RT @someone: so long that it is cut"),
        ("so long that it is cut", "RT @someone@example.social so long that it is cut"),
        ("it’s “fine”", 'it\'s "fine"'),
        ("café", "cafe\u0301"),
        ("CAFÉ", "cafe\u0301"),
        ("Straße", "STRASSE"),
        ("fine", "ｆｉｎｅ"),
        ("love ❤️", "love ❤"),
        ("#Sunny day", "sunny day"),
    ],
)
def test_texts_that_files_write_differently_are_the_same(text: str, other: str) -> None:
    assert key(text) == key(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Such a day", "Such a night"),
        ("Such a day 🙂", "Such a day 🙁"),
        ("Such a day", "Such a day 🙁"),
        ("1 of 2", "2 of 2"),
        ("<3", "3"),
        ("!!!", "???"),
        ("https://example.com/a", "https://example.com/b"),
        ("कि", "की"),
        ("start @someone: such a day", "such a day"),
    ],
)
def test_texts_that_say_something_else_are_not(text: str, other: str) -> None:
    assert key(text) != key(other)


def test_time_counts_to_the_minute_whatever_its_zone() -> None:
    whole = AT.replace(second=0, microsecond=0)

    assert key("x", whole) == key("x", whole + timedelta(seconds=59, microseconds=999_999))
    assert key("x", whole) == key("x", whole.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert key("x", whole) != key("x", whole + timedelta(minutes=1))
    assert key("x", whole) != key("x", whole - timedelta(microseconds=1))


def test_the_relation_to_the_post_counts_and_its_id_and_counts_do_not() -> None:
    counted = Post("2", "x", AT, engagement=Engagement(likes=3), language="en", hashtags=("a",))

    assert content_key(counted) == key("x")
    assert key("x", ownership=Ownership.LIKED) != key("x")


@pytest.mark.parametrize(
    "text", ["", "half an emoji \ud83d", "rt @" + "a" * 25_000, "https://" * 3_000]
)
def test_any_text_has_a_key(text: str) -> None:
    assert len(key(text)) == 32


def test_only_an_id_made_from_content_is_a_content_id() -> None:
    assert is_content_id(id_from_content(AT, "Such a day"))
    for post_id in (
        "",
        "1",
        "1899999999999999999",
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "g" * 32,
        "a" * 31 + "\n",
    ):
        assert not is_content_id(post_id)
