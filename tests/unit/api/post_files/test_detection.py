"""How the format of a file is detected. (Each format by its content: see the contract suite.)"""

import pytest
from api.post_files.detection import format_of


@pytest.mark.parametrize(
    ("head", "name", "declared", "expected"),
    [
        # by content, without a name
        (b"PK\x03\x04rest", None, None, "archive"),
        (b"PK\x05\x06", None, None, "archive"),
        (b"window.YTD.tweets.part0 = [", None, None, "archive"),
        (b"\xef\xbb\xbf\r\n window.YTD.tweet.part0 = [", None, None, "archive"),
        (b"Grailbird.data.tweets_2014_01 = [", None, None, "archive"),
        (b' [\n {"text"', None, None, "archive"),
        (b'{"text": "a"}', None, None, "jsonl"),
        ('{"text": "a"}'.encode("utf-16"), None, None, "jsonl"),
        (b"created_at,text,url\n", None, None, "csv"),
        (b'\xef\xbb\xbf"Text";"Created_At"\r\n', None, None, "csv"),
        (b"hello, world", None, None, None),
        (b"", None, None, None),
        # content goes before the name and the type
        (b"PK\x03\x04", "posts.csv", "text/csv", "archive"),
        (b"%PDF-1.7", "tweets.js", "text/csv", None),
        (b"\x89PNG\r\n", "tweets.js", "text/csv", None),
        (b"\x1f\x8b\x08", "tweets.js", "text/csv", None),
        # then the name, then the type
        (b"?", "a.CSV", None, "csv"),
        (b"?", "tweets.js", None, "archive"),
        (b"?", "a.b.jsonl", None, "jsonl"),
        (b"?", "a.txt", None, None),
        (b"?", "", None, None),
        (b"?", "posts.csv", "application/json", "csv"),
        (b"?", "upload", "text/csv; charset=utf-8", "csv"),
        (b"?", "upload", "APPLICATION/X-NDJSON", "jsonl"),
        (b"?", "upload", "application/zip", "archive"),
        (b"?", "upload", "application/octet-stream", None),
    ],
)
def test_content_goes_before_the_name_and_the_name_before_the_type(
    head: bytes, name: str | None, declared: str | None, expected: str | None
) -> None:
    assert format_of(head, name, declared) == expected
