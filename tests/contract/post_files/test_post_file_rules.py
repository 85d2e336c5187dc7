"""Contract of PostFiles: the rules of a post, in every format."""

from datetime import UTC, datetime, timedelta

import pytest

from api.domain.posts import MAX_POST_CHARACTERS, Engagement, Ownership, Post, RejectedPost
from tests.contract.post_files.post_file_formats import (
    NOW,
    Format,
    every_format,
    only_post,
    read_rows,
    row,
)


@every_format
def test_a_row_becomes_a_post_and_its_unknown_fields_are_dropped(form: Format) -> None:
    full = row(
        7, likes=1, reposts="2", replies=3, quotes="4", bookmarks=5, impressions="1,234",
        lang="pt-BR", ownership="liked", hashtags="Sea,Sun", user="somebody", colour="blue",
    )  # fmt: skip

    post = only_post(form, full)

    assert post == Post(
        post_id="7",
        text="post 7",
        created_at=datetime(2024, 5, 31, 18, 20, tzinfo=UTC),
        ownership=Ownership.LIKED,
        engagement=Engagement(1, 2, 3, 4, 5, 1234),
        language="pt-BR",
        hashtags=() if form.names else ("sea", "sun"),  # X has them in entities
    )


@every_format
def test_the_names_of_x_are_read_too(form: Format) -> None:
    theirs = {
        "id_str": "9",
        "full_text": "hello",
        "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        "favorite_count": "6",
        "retweet_count": "5",
    }

    post = only_post(form, theirs)

    assert (post.post_id, post.text) == ("9", "hello")
    assert post.created_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)
    assert post.engagement == Engagement(likes=6, reposts=5)


@every_format
def test_posts_come_in_the_order_of_the_file(form: Format) -> None:
    items = read_rows(form, row(3), row(1), row(2))

    assert [item.post_id for item in items if isinstance(item, Post)] == ["3", "1", "2"]


@every_format
def test_a_row_without_a_date_is_rejected_by_position_and_field_and_the_others_kept(
    form: Format,
) -> None:
    items = read_rows(form, row(1), row(2, created_at=None), row(3))

    kept, rejected, kept_too = items
    assert isinstance(kept, Post)
    assert isinstance(kept_too, Post)
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == form.where(2)
    assert rejected.field in ("created_at", "time")
    assert rejected.reason == f"{rejected.field} is missing"


@every_format
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *(
            ("created_at", date, date)
            for date in ("yesterday", "2024-02-30", "13/31/24 10:00", "99999999999999999")
        ),
        ("created_at", (NOW + timedelta(days=1, seconds=1)).isoformat(), "future"),
        ("created_at", "1989-12-31T23:59:59Z", "before 1990"),
        ("text", "a" * (MAX_POST_CHARACTERS + 1), "25,001"),
        *(("text", text, "empty") for text in ("", "   ", "\n\t")),
        *(("likes", count, "") for count in (-1, "-5", 10**11, "many", "1.5", "9" * 5000)),
        ("ownership", "borrowed", ""),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_that_cannot_be_is_rejected_and_never_cut_or_clamped(
    form: Format, field: str, value: object, reason: str
) -> None:
    [rejected] = read_rows(form, {**row(impressions=1), field: value})

    assert isinstance(rejected, RejectedPost)
    assert rejected.field == form.names.get(field, field)
    assert reason in rejected.reason


@every_format
@pytest.mark.parametrize("moment", [NOW + timedelta(hours=23), datetime(1995, 6, 1, tzinfo=UTC)])
def test_a_date_less_than_a_day_ahead_or_from_before_x_is_taken(
    form: Format, moment: datetime
) -> None:
    assert only_post(form, row(created_at=moment.isoformat())).created_at == moment


@every_format
def test_the_second_post_of_one_id_is_rejected(form: Format) -> None:
    first, second = read_rows(form, row(5, text="first"), row(5, text="second"))

    assert isinstance(first, Post)
    assert isinstance(second, RejectedPost)
    assert (second.where, second.field) == (form.where(2), "id")


@every_format
def test_a_post_without_an_id_gets_the_same_one_whenever_it_is_read(form: Format) -> None:
    nameless = row(id=None)

    ids = {only_post(form, nameless).post_id, only_post(form, nameless).post_id}

    assert len(ids) == 1
    assert only_post(form, row(id=None, text="other")).post_id not in ids


@every_format
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("ä" * MAX_POST_CHARACTERS, "ä" * MAX_POST_CHARACTERS),
        ("fish &amp; chips &lt;3 &#8217; ?a=1&copy=2", "fish & chips <3 ’ ?a=1&copy=2"),
        ("a\x00b", "ab"),
        ('one\ntwo, "three"\r\n“four” 👩🏽‍🚀', 'one\ntwo, "three"\r\n“four” 👩🏽‍🚀'),
    ],
    ids=["the longest", "HTML entities", "NULs", "line breaks, quotes and emoji"],
)
def test_a_text_is_kept_whole_in_the_characters_that_were_meant(
    form: Format, written: str, text: str
) -> None:
    assert only_post(form, row(text=written)).text == text


@every_format
def test_a_lone_surrogate_never_leaves_the_reader(form: Format) -> None:
    post = only_post(form, row(text="half \ud83d emoji"))

    assert post.text.encode("utf-8").startswith(b"half \xef\xbf\xbd")


@every_format
def test_a_retweet_is_a_shared_post(form: Format) -> None:
    post = only_post(form, row(text="RT @somebody: look"))

    assert post.ownership is Ownership.SHARED
