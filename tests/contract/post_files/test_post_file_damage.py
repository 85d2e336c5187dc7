"""Contract of PostFiles on files that are broken, large or foreign."""

import gzip
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.posts import MAX_POST_CHARACTERS, Post, RejectedPost
from api.errors import MoodlineError, UnreadableFileError, UnsupportedMediaError
from tests.contract.post_files.post_file_formats import (
    JSON_FORMATS,
    Format,
    Row,
    every_format,
    every_json_format,
    opened,
    read,
    read_rows,
    row,
)

NAMES = (None, "posts.csv", "a.jsonl", "posts.json", "tweets.js", "x.zip", "a.json.gz")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \n\n ", b"\x00" * 9])
def test_an_empty_file_is_unreadable(name: str | None, data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="empty"):
        read(data, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "data",
    [b"<html><body>no</body></html>", b'"a string"', b"\x89PNG\r\n\x1a\n\x00\x00", b"123",
     b"hello, world", b"%PDF-1.7", b"{}", b"[1, 2]", gzip.compress(b"\n"), b"\x1f\x8b\x08"],
    ids=["html", "a JSON string", "a picture", "a number", "prose", "a PDF", "an empty object",
         "numbers", "nothing in gzip", "a cut gzip"],
)  # fmt: skip
def test_a_file_of_another_format_is_refused_whatever_its_name(
    name: str | None, data: bytes
) -> None:
    with pytest.raises((UnreadableFileError, UnsupportedMediaError)):
        read(data, name)


@every_json_format
def test_a_list_without_items_has_no_posts(form: Format) -> None:
    if form.name == "archive":
        with pytest.raises(UnreadableFileError, match="no posts"):
            read(form.write([]))
    elif form.name not in ("json lines", "wrapped"):
        assert read(form.write([]), form.file_name) == []


@every_format
def test_a_good_row_is_read_after_a_thousand_bad_ones(form: Format) -> None:
    bad = [row(number, created_at="never") for number in range(1000)]

    items = read_rows(form, *bad, row(5000))

    assert len(items) == 1001
    assert isinstance(items[-1], Post)


@every_json_format
def test_an_item_that_is_no_object_is_rejected_and_the_others_kept(form: Format) -> None:
    write: Any = form.write

    items = read(write([row(1), "text", 5, None, ["a"], row(2)]))

    assert [type(item) for item in items] == [Post, *[RejectedPost] * 4, Post]


@every_json_format
def test_json_objects_that_are_no_posts_are_each_rejected(form: Format) -> None:
    odd = [{"a": 1}, {"b": {"text": "inner"}}, {"b": [{"text": "inner"}]}, {"b": {"c": {}}}]

    items = read_rows(form, row(1), *odd, row(2))

    assert [(item.where, item.field, item.reason) for item in items[1:-1]
            if isinstance(item, RejectedPost)] == [
        (form.where(number), "text", "text is missing") for number in range(2, 6)
    ]  # fmt: skip
    assert isinstance(items[-1], Post)


@every_json_format
@pytest.mark.parametrize("value", [{"nested": [1]}, [1], True, 3.5, float("nan")])
def test_a_value_of_the_wrong_kind_is_rejected_where_a_post_needs_it(
    form: Format, value: object
) -> None:
    items = read_rows(form, row(text=value), row(created_at=value), row(likes=value))

    fields = [item.field for item in items if isinstance(item, RejectedPost)]
    assert fields[:2] == ["text", "created_at"]
    # A yes or no, an object and NaN are no count, which is 0.
    assert fields[2:] == ([form.names.get("likes", "likes")] if value == 3.5 else [])


OPENING = ("[", '{"a":', '{"":', '[{"":', '{"text":[')


@pytest.mark.parametrize("opening", OPENING)
@pytest.mark.parametrize("form", JSON_FORMATS[:-2], ids=lambda form: form.name)
def test_json_nested_without_end_is_damage(form: Format, opening: str) -> None:
    deep = form.write([row(1, text="HERE")]).replace(b'"HERE"', opening.encode() * 100_000)

    with pytest.raises(UnreadableFileError):
        read(deep)
    with pytest.raises(UnreadableFileError):
        read(opening.encode() * 100_000)


@every_json_format
@pytest.mark.parametrize(
    "name", ["entities", "edit_info", "public_metrics", "type", "lang", "user"]
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"":', "}"), ('{"a":[', "]}")])
def test_a_post_with_other_values_nested_as_deep_as_json_may_be_is_read(
    form: Format, name: str, opening: str, closing: str
) -> None:
    depth = 900 // len(closing)
    deep = f"{opening * depth}1{closing * depth}".encode()

    [post] = read(form.write([{**row(1), name: "HERE"}]).replace(b'"HERE"', deep)) if (
        form.file_name.endswith(("json", "jsonl", "js"))) else read_rows(form, row(1))  # fmt: skip

    assert isinstance(post, Post)


@every_format
def test_the_format_of_a_file_is_known_by_its_bytes(form: Format) -> None:
    file = opened(form.write([row()]))

    assert file.format == form.kind
    assert len(list(file.posts())) == 1


def expect_sound_posts_or_an_error(form: Format, data: bytes) -> None:
    """Read to the end or to a MoodlineError; every post must be fit to be stored."""
    try:
        file = opened(data, form.file_name)
        items = list(file.posts())
    except MoodlineError as error:
        error.detail.encode("utf-8")
        return
    assert "".join((*file.unused_columns, *file.notes, file.encoding)).encode()
    for item in items:
        if isinstance(item, RejectedPost):
            assert f"{item.where}{item.reason}{item.field}".encode()
            continue
        assert item.created_at.utcoffset() == timedelta(0)
        assert 0 < len(item.text) <= MAX_POST_CHARACTERS
        assert "\x00" not in item.text
        assert f"{item.text}{item.post_id}{item.language}{item.hashtags}".encode()
        assert min(astuple(item.engagement)) >= 0


SAMPLE_ROWS = [
    row(1, text="naïve “q” &amp; #tags", likes=3, hashtags="a b", url="https://x.com/a/status/1"),
    row(2, text="RT @x: 👍", created_at="Wed Oct 10 20:19:24 +0000 2018", lang="en"),
    row(3, text='a "b"\nc', created_at="1/2/24 3:04", id=None),
]


@every_format
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_end_in_sound_posts_or_an_error(form: Format, data: bytes) -> None:
    expect_sound_posts_or_an_error(form, data)


@every_format
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_file_ends_in_sound_posts_or_an_error(form: Format, data: st.DataObject) -> None:
    sound = bytearray(form.write(SAMPLE_ROWS))
    start = data.draw(st.integers(0, len(sound) - 1))
    end = data.draw(st.integers(start, min(start + 8, len(sound))))
    sound[start:end] = data.draw(st.binary(max_size=8))
    cut = data.draw(st.integers(len(sound) // 2, len(sound)))

    expect_sound_posts_or_an_error(form, bytes(sound[:cut]))


# Few characters, but each of a kind that has broken a reader somewhere.
LETTERS = st.text(st.sampled_from('a1 \x00\n"\\#&;é’\ud83d\udc4d👍/:-'), max_size=12)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), LETTERS,
    st.lists(LETTERS, max_size=3), st.dictionaries(LETTERS, st.integers(), max_size=2),
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "id_str", "text", "full_text", "created_at", "date", "likes", "public_metrics", "tweet",
     "ownership", "lang", "hashtags", "entities", "url", "retweeted", "note_tweet", "type", "user",
     "retweeted_status", "edit_history_tweet_ids", "text\ud83d", "a\ud83d", "data", "posts"]
)  # fmt: skip


@every_json_format
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.dictionaries(KEYS, VALUES), max_size=3))
def test_values_of_any_kind_end_in_sound_posts_or_an_error(form: Format, rows: list[Row]) -> None:
    expect_sound_posts_or_an_error(form, form.write([{**row(), **each} for each in rows]))
