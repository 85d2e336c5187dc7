"""How JSON is read: by lines, damaged ones too, and lists and wrapped lists in pieces."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import UnreadableFileError
from api.post_files.json_items import DamagedItem, JsonItem, json_items
from tests.contract.post_files.post_file_formats import read

SOUND = b'{"id": 1, "text": "hello", "created_at": 1717179600}'


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
        # the user reposted their own post, which is not another's
        (b'"retweeted": true', "ownership", Ownership.OWN),
        (b'"retweeted_status": {"id": 5}', "ownership", Ownership.SHARED),
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
        (b'{"text": "' + b"x" * 5_000_000 + b'"}', "longer than"),
        (b'{"text": "' + b"x" * 3_000_000 + b'", "created_at": 1}', "3,000,000"),
        (b'{"text": "a", "created_at": ' + b"9" * 9999 + b"}", "not a time"),
        (b'{"text": "a", "created_at": -' + b"9" * 9999 + b"}", "not a time"),
        (b'{"text": "a", "created_at": 1717179600, "likes": ' + b"9" * 9999 + b"}", "larger than"),
        (b'{"text": "a", "created_at": NaN}', "missing"),
        (b'{"text": ' + b"[" * 100_000, "not JSON"),
    ],
    ids=["cut", "too long", "a text too long", "thousands of digits", "as many below zero",
         "a count of as many", "NaN", "brackets"],
)  # fmt: skip
def test_a_damaged_line_is_rejected_by_its_number_and_the_next_one_read(
    line: bytes, reason: str
) -> None:
    first, rejected, post = read(
        b"\n" + SOUND + b"\n\n" + line + b"\n\n" + SOUND[:-1] + b', "id": 2}\r\n'
    )

    assert isinstance(first, Post)
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "line 4"
    assert reason in rejected.reason
    assert isinstance(post, Post)


def test_a_file_of_which_no_line_is_an_object_is_unreadable() -> None:
    with pytest.raises(UnreadableFileError, match="No line of the file is a JSON object"):
        read(b'{"a\n{2\n{[3]\n')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_json_in_another_encoding_than_utf_8_is_read(encoding: str) -> None:
    data = '{"text": "déjà vu", "created_at": "2024-01-02"}'.encode(encoding)

    assert only_post(data).text == "déjà vu"


def has_text(value: object) -> bool:
    return isinstance(value, dict) and "text" in value


def items_in(text: str, size: int = 7) -> list[JsonItem | DamagedItem]:
    pieces: Iterator[str] = (text[at : at + size] for at in range(0, len(text), size))
    return list(json_items(pieces, 0, has_text, has_text))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.sampled_from('a",[]{}\\é'))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=3,
)


@given(st.lists(VALUES, max_size=4), st.integers(1, 7), st.sampled_from([None, 1]), st.booleans())
def test_items_of_a_list_are_the_same_however_the_text_is_cut(
    values: list[Any], size: int, indent: int | None, wrapped: bool
) -> None:
    posts = [{"text": value} for value in values]
    text = json.dumps({"at": 1, "posts": posts} if wrapped else posts, indent=indent)

    items = items_in(text, size)

    if wrapped and not posts:
        assert [item.value for item in items if isinstance(item, JsonItem)] == [json.loads(text)]
        return
    in_line = "line 1" if len(posts) == 1 else "item {} of line 1"
    where = "item {}" if indent or not wrapped else in_line
    assert items == [
        JsonItem(where.format(number), "posts" if wrapped else "", post)
        for number, post in enumerate(posts, start=1)
    ]


def test_a_number_that_is_cut_in_two_is_one_number() -> None:
    assert [item.value for item in items_in("[1234567,3]", 3) if isinstance(item, JsonItem)] == [
        1234567, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("between", ["", "\n", ", ", ";\n", "\n\n"])
def test_objects_over_several_lines_one_after_another_are_each_read(between: str) -> None:
    one = '{\n"text": 1}'

    found = items_in(between.join([one, one, one]))

    assert [item.where for item in found] == ["item 1", "item 2", "item 3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"data": [{"text": 1}, {"text": 2}], "users": [{"name": 3}]}',
         [("item 1 of line 1", "data"), ("item 2 of line 1", "data"), ("line 1", "users")]),
        ('{"a": {"b": {"posts": [{"text": 1}]}}}', [("line 1", "a.b.posts")]),
        ('{"text": 1, "data": [{"text": 2}]}', [("line 1", "")]),
        ('{"meta": {"count": 0}}', [("line 1", ""), ("line 1", "meta")]),
        ("[[1]]", [("item 1", "")]),
    ],
)  # fmt: skip
def test_an_item_is_named_by_its_place_and_the_keys_to_it(
    text: str, found: list[tuple[str, str]]
) -> None:
    assert [(item.where, item.path) for item in items_in(text) if isinstance(item, JsonItem)] == (
        found
    )


@pytest.mark.parametrize(
    "text",
    ["[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[1] x", '["a', "[,]", "[NaN,}", '{\n"a" 1}',
     '{\n"a": [1', '{\n"a": [{"b": 1}', "[" * 100_000, '{"":' * 100_000, '{"":[' * 100_000],
    ids=lambda text: text[:12],
)  # fmt: skip
@pytest.mark.parametrize("size", [1 << 16, 5])
def test_text_that_is_not_whole_json_is_refused(text: str, size: int) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read to its end"):
        items_in(text, size)


@pytest.mark.parametrize("kind", ["list", "wrapped"])
def test_an_item_over_a_mebibyte_is_refused_in_memory_of_a_few(kind: str) -> None:
    long = '[{"text": "' + "x" * 3_000_000 + '"}]'

    with pytest.raises(UnreadableFileError, match="longer than 1,048,576 characters"):
        items_in(long if kind == "list" else f'{{\n"posts": {long}}}', 1 << 16)


class CountedPieces:
    """Pieces of a text that counts how much of it was asked for."""

    def __init__(self, text: str) -> None:
        self.text, self.taken = text, 0

    def __iter__(self) -> Iterator[str]:
        while self.taken < len(self.text):
            self.taken += 4096
            yield self.text[self.taken - 4096 : self.taken]


def test_items_are_yielded_before_the_text_is_at_its_end() -> None:
    pieces = CountedPieces(json.dumps([{"text": "x" * 1000}] * 8000))

    next(json_items(iter(pieces), 0, has_text, has_text))

    assert pieces.taken < len(pieces.text) / 4
