"""Test what the reader of JSON lines alone has to know."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import UnreadableFileError
from api.post_files.json_reader import JsonLinesReader

SOUND = b'{"id": 1, "text": "hello", "created_at": 1717179600}'


def read(data: bytes) -> list[Post | RejectedPost]:
    reader = JsonLinesReader(lambda: datetime(2026, 3, 1, tzinfo=UTC))
    return list(reader.read(io.BytesIO(data)))


def test_seconds_since_1970_are_a_time_and_a_number_an_id() -> None:
    [post] = read(SOUND)

    assert isinstance(post, Post)
    assert post.post_id == "1"
    assert post.created_at == datetime(2024, 5, 31, 18, 20, tzinfo=UTC)


def test_public_metrics_of_x_are_counted() -> None:
    [post] = read(
        b'{"id": "1", "text": "a", "created_at": "2024-01-02T03:04:05.000Z", "public_metrics":'
        b' {"like_count": 1, "retweet_count": 2, "reply_count": 3, "quote_count": 4,'
        b' "bookmark_count": 5, "impression_count": 6}}'
    )

    assert isinstance(post, Post)
    assert post.engagement == Engagement(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    "field", [b'"note_tweet": {"text": "whole"}', b'"extended_tweet": {"full_text": "whole"}']
)
def test_the_whole_text_of_a_long_post_goes_before_its_excerpt(field: bytes) -> None:
    [post] = read(b'{"text": "excerpt", "created_at": "2024-01-02", %b}' % field)

    assert isinstance(post, Post)
    assert post.text == "whole"


def test_listed_hashtags_go_before_those_of_the_text() -> None:
    [post] = read(
        b'{"text": "#cut", "created_at": "2024-01-02", "entities": {"hashtags": [{"tag": "Sea"},'
        b' {"text": "#Sun"}, {"text": 5}, "Sea", "no tag"]}}'
    )

    assert isinstance(post, Post)
    assert post.hashtags == ("sea", "sun")


def test_a_post_that_is_marked_as_retweeted_is_shared() -> None:
    [post] = read(b'{"text": "a", "created_at": "2024-01-02", "retweeted": true}')

    assert isinstance(post, Post)
    assert post.ownership is Ownership.SHARED


def test_a_damaged_line_is_rejected_by_its_number_and_the_others_kept() -> None:
    items = read(b'\n{"text": "cut sho\n\n' + SOUND + b"\r\n")

    rejected, post = items
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "line 2"
    assert isinstance(post, Post)


def test_a_line_without_measure_is_rejected_and_the_next_one_read() -> None:
    rejected, post = read(b'{"text": "' + b"x" * 3_000_000 + b'"}\n' + SOUND)

    assert isinstance(rejected, RejectedPost)
    assert "longer than" in rejected.reason
    assert isinstance(post, Post)


def test_a_number_of_thousands_of_digits_harms_only_its_line() -> None:
    rejected, post = read(b'{"text": "a", "created_at": ' + b"9" * 9999 + b"}\n" + SOUND)

    assert isinstance(rejected, RejectedPost)
    assert isinstance(post, Post)


def test_a_file_of_which_no_line_is_an_object_is_unreadable() -> None:
    with pytest.raises(UnreadableFileError, match="No line of the file is a JSON object"):
        read(b"one\n2\n[3]\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_json_in_another_encoding_than_utf_8_is_read(encoding: str) -> None:
    [post] = read('{"text": "déjà vu", "created_at": "2024-01-02"}'.encode(encoding))

    assert isinstance(post, Post)
    assert post.text == "déjà vu"
