"""Test how the kind of a file is told. (That formats are told by content: the contract suite.)"""

from __future__ import annotations

import pytest

from api.post_files.detection import format_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04rest", "archive"),
        (b"PK\x05\x06", "archive"),
        (b"window.YTD.tweets.part0 = [", "archive"),
        (b"\xef\xbb\xbf\r\n window.YTD.tweet.part0 = [", "archive"),
        (b"Grailbird.data.tweets_2014_01 = [", "archive"),
        (b' [\n {"text"', "archive"),
        (b'{"text": "a"}', "jsonl"),
        ('{"text": "a"}'.encode("utf-16"), "jsonl"),
        (b"created_at,text,url\n", "csv"),
        (b'\xef\xbb\xbf"Text";"Created_At"\r\n', "csv"),
        (b"hello, world", None),
        (b"", None),
    ],
)
def test_content_tells_the_kind_without_a_name(head: bytes, kind: str | None) -> None:
    assert format_of(head, None, None) == kind


def test_content_goes_before_the_name_and_the_type() -> None:
    assert format_of(b"PK\x03\x04", "posts.csv", "text/csv") == "archive"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.CSV", "csv"),
        ("tweets.js", "archive"),
        ("a.b.jsonl", "jsonl"),
        ("a.txt", None),
        ("", None),
    ],
)
def test_the_name_tells_what_content_does_not(name: str, kind: str | None) -> None:
    assert format_of(b"?", name, None) == kind


def test_the_name_goes_before_the_type() -> None:
    assert format_of(b"?", "posts.csv", "application/json") == "csv"


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("text/csv; charset=utf-8", "csv"), ("APPLICATION/X-NDJSON", "jsonl"),
     ("application/zip", "archive"), ("application/octet-stream", None)],
)  # fmt: skip
def test_the_type_tells_what_content_and_name_do_not(declared: str, kind: str | None) -> None:
    assert format_of(b"?", "upload", declared) == kind


@pytest.mark.parametrize("head", [b"%PDF-1.7", b"\x89PNG\r\n", b"\x1f\x8b\x08"])
def test_a_file_known_to_be_something_else_is_none_whatever_its_name(head: bytes) -> None:
    assert format_of(head, "tweets.js", "text/csv") is None
