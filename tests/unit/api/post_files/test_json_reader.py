"""What only the readers of JSON have to know: damaged lines, and arrays in pieces."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from api.post_files.json_reader import JsonLinesReader, NotAnArrayError, array_items
from hypothesis import given
from hypothesis import strategies as st

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import UnreadableFileError

SOUND = b'{"id": 1, "text": "hello", "created_at": 1717179600}'


def read(data: bytes) -> list[Post | RejectedPost]:
    reader = JsonLinesReader(lambda: datetime(2026, 3, 1, tzinfo=UTC))
    return list(reader.read(io.BytesIO(data)))


def only_post(data: bytes) -> Post:
    [post] = read(data)
    assert isinstance(post, Post), post
    return post


@pytest.mark.parametrize(
    ("field", "attribute", "expected"),
    [
        (b'"id": 1', "post_id", "1"),
        (b'"created_at": 1717179600', "created_at", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        (
            b'"public_metrics": {"like_count": 1, "retweet_count": 2, "reply_count": 3,'
            b' "quote_count": 4, "bookmark_count": 5, "impression_count": 6}',
            "engagement",
            Engagement(1, 2, 3, 4, 5, 6),
        ),
        # the whole text of a long post goes before its excerpt
        (b'"note_tweet": {"text": "whole"}', "text", "whole"),
        (b'"extended_tweet": {"full_text": "whole"}', "text", "whole"),
        # listed hashtags go before those of the text
        (
            b'"entities": {"hashtags": [{"tag": "Sea"}, {"text": "#Sun"}, {"text": 5}, "Sea",'
            b' "no tag"]}',
            "hashtags",
            ("sea", "sun"),
        ),
        (b'"retweeted": true', "ownership", Ownership.SHARED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_fields_that_x_writes_are_read(field: bytes, attribute: str, expected: object) -> None:
    post = only_post(b'{"text": "#cut", "created_at": "2024-01-02", %b}' % field)

    assert getattr(post, attribute) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "cut sho', "not JSON"),
        (b'{"text": "' + b"x" * 3_000_000 + b'"}', "longer than"),
        (b'{"text": "a", "created_at": ' + b"9" * 9999 + b"}", "not a time"),
    ],
    ids=["cut", "too long", "thousands of digits"],
)
def test_a_damaged_line_is_rejected_by_its_number_and_the_next_one_read(
    line: bytes, reason: str
) -> None:
    rejected, post = read(b"\n" + line + b"\n\n" + SOUND + b"\r\n")

    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "line 2"
    assert reason in rejected.reason
    assert isinstance(post, Post)


def test_a_file_of_which_no_line_is_an_object_is_unreadable() -> None:
    with pytest.raises(UnreadableFileError, match="No line of the file is a JSON object"):
        read(b"one\n2\n[3]\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_json_in_another_encoding_than_utf_8_is_read(encoding: str) -> None:
    data = '{"text": "déjà vu", "created_at": "2024-01-02"}'.encode(encoding)

    assert only_post(data).text == "déjà vu"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.sampled_from('a",[]{}\\é'))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=3,
)


@given(st.lists(VALUES, max_size=4), st.integers(1, 7), st.sampled_from([None, 1]))
def test_items_of_an_array_are_the_same_however_the_text_is_cut(
    values: list[Any], size: int, indent: int | None
) -> None:
    text = json.dumps(values, indent=indent)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    assert list(array_items(pieces)) == values


def test_a_number_that_is_cut_in_two_is_one_number() -> None:
    assert list(array_items(["[1", "2", ",3]"])) == [12, 3]


@pytest.mark.parametrize(
    "text", ["", "{}", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[1] x", '["a', "[,]", "[NaN,}"]
)
def test_text_that_is_not_a_whole_array_is_refused(text: str) -> None:
    with pytest.raises(NotAnArrayError):
        list(array_items([text]))
