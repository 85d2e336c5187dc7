"""Hold every reader of post files to the rules of a post, each through its own format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.domain.posts import MAX_POST_CHARACTERS, Engagement, Ownership, Post, RejectedPost
from tests.contract.post_files.post_file_formats import (
    NOW,
    Format,
    every_format,
    only_post,
    only_rejection,
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
        hashtags=("sea", "sun"),
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
def test_a_row_without_a_date_is_rejected_by_place_and_field_and_the_others_kept(
    form: Format,
) -> None:
    items = read_rows(form, row(1), row(2, created_at=None), row(3))

    kept, rejected, kept_too = items
    assert isinstance(kept, Post)
    assert isinstance(kept_too, Post)
    assert rejected == RejectedPost(form.place(2), "created_at is missing", "created_at")


@every_format
@pytest.mark.parametrize("date", ["yesterday", "2024-02-30", "13/31/24 10:00", "99999999999999999"])
def test_a_date_that_cannot_be_read_is_rejected(form: Format, date: str) -> None:
    rejected = only_rejection(form, row(created_at=date))

    assert rejected.field == "created_at"
    assert date in rejected.reason


@every_format
def test_a_date_more_than_a_day_ahead_is_rejected(form: Format) -> None:
    rejected = only_rejection(
        form, row(created_at=(NOW + timedelta(days=1, seconds=1)).isoformat())
    )

    assert "future" in rejected.reason


@every_format
def test_a_date_less_than_a_day_ahead_is_taken(form: Format) -> None:
    ahead = NOW + timedelta(hours=23)

    post = only_post(form, row(created_at=ahead.isoformat()))

    assert post.created_at == ahead


@every_format
def test_a_date_from_before_x_was_founded_is_taken(form: Format) -> None:
    post = only_post(form, row(created_at="1995-06-01T00:00:00Z"))

    assert post.created_at.year == 1995


@every_format
def test_a_date_before_1990_is_rejected(form: Format) -> None:
    rejected = only_rejection(form, row(created_at="1989-12-31T23:59:59Z"))

    assert "before 1990" in rejected.reason


@every_format
def test_the_second_post_of_one_id_is_rejected(form: Format) -> None:
    first, second = read_rows(form, row(5, text="first"), row(5, text="second"))

    assert isinstance(first, Post)
    assert isinstance(second, RejectedPost)
    assert (second.where, second.field) == (form.place(2), "id")


@every_format
def test_a_post_without_an_id_gets_the_same_one_whenever_it_is_read(form: Format) -> None:
    nameless = row(id=None)

    ids = {only_post(form, nameless).post_id, only_post(form, nameless).post_id}

    assert len(ids) == 1
    assert only_post(form, row(id=None, text="other")).post_id not in ids


@every_format
def test_the_longest_text_is_taken_whole(form: Format) -> None:
    text = "ä" * MAX_POST_CHARACTERS

    assert only_post(form, row(text=text)).text == text


@every_format
def test_a_longer_text_is_rejected_and_not_cut(form: Format) -> None:
    rejected = only_rejection(form, row(text="a" * (MAX_POST_CHARACTERS + 1)))

    assert rejected.field == "text"
    assert "25,001" in rejected.reason


@every_format
@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_rejected(form: Format, text: str) -> None:
    rejected = only_rejection(form, row(text=text, likes=1))

    assert rejected.field == "text"
    assert "empty" in rejected.reason


@every_format
def test_html_entities_become_the_characters_they_stand_for(form: Format) -> None:
    post = only_post(form, row(text="fish &amp; chips &lt;3 &#8217; ?a=1&copy=2"))

    assert post.text == "fish & chips <3 ’ ?a=1&copy=2"


@every_format
def test_nuls_are_taken_out_of_a_text(form: Format) -> None:
    assert only_post(form, row(text="a\x00b")).text == "ab"


@every_format
def test_a_lone_surrogate_never_leaves_the_reader(form: Format) -> None:
    post = only_post(form, row(text="half \ud83d emoji"))

    assert post.text.encode("utf-8").startswith(b"half \xef\xbf\xbd")


@every_format
@pytest.mark.parametrize("count", [-1, "-5", 10**11, "many", "1.5", "9" * 5000])
def test_a_count_that_cannot_be_is_rejected(form: Format, count: object) -> None:
    rejected = only_rejection(form, row(likes=count))

    assert rejected.field == "likes"


@every_format
def test_a_retweet_is_a_shared_post(form: Format) -> None:
    post = only_post(form, row(text="RT @somebody: look"))

    assert post.ownership is Ownership.SHARED


@every_format
def test_an_ownership_of_another_name_is_rejected(form: Format) -> None:
    assert only_rejection(form, row(ownership="borrowed")).field == "ownership"


@every_format
def test_hashtags_are_found_in_the_text_where_none_are_listed(form: Format) -> None:
    post = only_post(
        form, row(text="#Grüße an #日本 und #हिन्दी, nicht C#5 #2024 x.org/#top #grüße")
    )

    assert post.hashtags == ("grüße", "日本", "हिन्दी")


@every_format
def test_a_text_with_line_breaks_quotes_and_emoji_is_kept_as_it_is(form: Format) -> None:
    text = 'one\ntwo, "three"\r\n“four” 👩🏽‍🚀'

    assert only_post(form, row(text=text)).text == text
