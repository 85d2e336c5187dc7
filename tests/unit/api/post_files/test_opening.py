"""How a file is recognised, by its content before its name; and columns of hand-made files."""

import gzip
import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime

import pytest

from api.domain.posts import Engagement, Post, RejectedPost
from api.errors import UnreadableFileError, UnsupportedMediaError
from api.post_files.opening import DialectPostFiles
from tests.contract.post_files.post_file_formats import NOW, opened, read, row

LINE = b'{"text": "a", "created_at": "2024-01-02"}'
TABLE = b"created_at,text,url\n2024-01-02,a,\n"
TWEETS = b'window.YTD.tweets.part0 = [{"tweet": {"full_text": "a", "created_at": "2024-01-02"}}]'


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "declared", "expected"),
    [
        # by content, without a name
        (TWEETS, None, None, "archive"),
        (b"\xef\xbb\xbf\r\n " + TWEETS.replace(b"tweets", b"tweet"), None, None, "archive"),
        (b"Grailbird.data.tweets_2014_01 = [" + LINE + b"]", None, None, "archive"),
        (packed(**{"data/tweets.js": TWEETS}), None, None, "archive"),
        (packed(**{"my posts.csv": TABLE}), None, None, "archive"),
        (tarred(**{"me/posts.jsonl": LINE}), None, None, "archive"),
        (gzip.compress(LINE, mtime=0), None, None, "archive"),
        (b" [\n " + LINE + b"]", None, None, "jsonl"),
        (LINE, None, None, "jsonl"),
        (LINE.decode().encode("utf-16"), None, None, "jsonl"),
        (b'{"posts": [' + LINE + b"]}", None, None, "jsonl"),
        (TABLE, None, None, "csv"),
        (b'\xef\xbb\xbf"Text";"Created_At"\r\na;2024-01-02', None, None, "csv"),
        # content goes before the name and the type
        (packed(**{"data/tweets.js": TWEETS}), "posts.csv", "text/csv", "archive"),
        (gzip.compress(TABLE, mtime=0), "tweets.csv", "text/csv", "archive"),
        (LINE, "posts.csv", "text/csv", "jsonl"),
        (TABLE, "tweets.js", "application/json", "csv"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_content_whatever_its_name_and_type(
    data: bytes, name: str | None, declared: str | None, expected: str
) -> None:
    file = opened(data, name, declared)

    assert file.format == expected
    assert [item.text for item in file.posts() if isinstance(item, Post)] == ["a"]


@pytest.mark.parametrize(
    ("data", "name", "declared", "refusal", "says"),
    [
        (b"hello, world", None, None, UnsupportedMediaError, "none that is read"),
        (b"hello, world", "a.CSV", None, UnreadableFileError, "must name the columns"),
        (b"hello, world", None, "text/csv; charset=utf-8", UnreadableFileError, "columns"),
        (b"name,age\nAnn,7\n", "a.csv", None, UnreadableFileError, "name,age"),
        (b"text,likes\na,7\n", None, None, UnreadableFileError, "created_at.*text,likes"),
        (b"%PDF-1.7", "tweets.js", "text/csv", UnsupportedMediaError, "PDF"),
        (b"\x89PNG\r\n", "tweets.js", "text/csv", UnsupportedMediaError, "picture"),
        (b"Rar!\x1a\x07", "tweets.js", "text/csv", UnsupportedMediaError, "RAR.*unpack"),
        (packed(**{"xl/workbook.xml": b"<x/>"}), "a.csv", None, UnsupportedMediaError, "Excel"),
        (packed(**{"a.zip": packed()}), None, None, UnreadableFileError, "a.zip"),
        (packed(**{"a.txt": b"hello"}), None, None, UnreadableFileError, "a.txt is not read"),
        (packed(**{"a.jpg": b"x", "b": b""}), None, None, UnreadableFileError, "a.jpg"),
        (b'{"name": "Ann", "age": 7}', None, None, UnreadableFileError, "name, age"),
        (b"\x1f\x8b\x08", "tweets.js", "text/csv", UnreadableFileError, "damaged"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_the_file_is_and_what_to_do(
    data: bytes, name: str | None, declared: str | None, refusal: type[Exception], says: str
) -> None:
    with pytest.raises(refusal, match=f"(?s){says}"):
        opened(data, name, declared)


def test_the_columns_of_a_timeline_export_are_read() -> None:
    header = b"created_at,text,url,replies,retweets,favorites,user\n"
    line = b"10/16/17 22:59,Hello,https://twitter.com/a/status/920061541986250758,1,2,3,somebody\n"

    file = opened(header + line)

    assert list(file.posts()) == [
        Post(
            post_id="920061541986250758",
            text="Hello",
            created_at=datetime(2017, 10, 16, 22, 59, tzinfo=UTC),
            engagement=Engagement(likes=3, reposts=2, replies=1),
        )
    ]
    assert file.unused_columns == ()
    assert list(opened(header).posts()) == []


def test_columns_are_known_by_name_in_any_order_and_case() -> None:
    [post] = read(b'LIKES,"Text",ID,Created At\n4,hello,7,2024-01-02\n')

    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.engagement.likes) == ("7", "hello", 4)


def test_a_bad_row_is_rejected_by_its_number_and_the_others_kept() -> None:
    rows = b'2024-01-01,one\n2024-01-02,well, now\n2024-01-03,"two\nnever,x\n2024-01-04,three\n'

    items = read(b"created_at,text\n" + rows)

    shown = [item.where if isinstance(item, RejectedPost) else item.text for item in items]
    assert shown == ["one", "row 3", "row 4", "row 5", "three"]


def test_an_id_that_a_spreadsheet_rounded_is_not_taken_for_one() -> None:
    items = read(b"id,text,created_at\n9.20062E+17,one,2024-01-02\n9.20062E+17,two,2024-01-02\n")

    assert [item.text for item in items if isinstance(item, Post)] == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
@pytest.mark.parametrize("inside", [False, True])
def test_the_encoding_is_found_out_and_named_also_in_an_archive(
    encoding: str, inside: bool
) -> None:
    text = "“C’est l’été”, dit-elle… à Orléans — où ça ?"
    table = f'created_at,text\n2024-01-02,"{text}"\n'.encode(encoding)

    file = opened(packed(**{"posts.csv": table}) if inside else table)

    assert [item.text for item in file.posts() if isinstance(item, Post)] == [text]
    assert encoding.removesuffix("-sig") in file.encoding


def test_text_misread_twice_on_its_way_is_put_right() -> None:
    # What Mac Roman keeps of "they’ve won — over", UTF-8 before it was misread twice.
    [post] = read(b"created_at,text\n2024-01-02,they\xe4\xf3\xbbve won \xe4\xf3\xee over\n")

    assert isinstance(post, Post)
    assert post.text == "they’ve won — over"


def test_posts_are_found_after_a_long_list_of_something_else() -> None:
    users = [{"name": f"user {number}", "followers": number} for number in range(300)]
    file = opened(json.dumps({"users": users, "posts": [row(1), {"note": "x"}]}).encode())

    post, rejected = file.posts()

    assert isinstance(post, Post)
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "item 2 of line 1"


def test_columns_and_keys_that_were_not_read_are_listed_and_never_without_end() -> None:
    few = opened(b"text,created_at,colour,Mood of day\na,2024-01-02,red,fine\n")
    many = b"\n".join(
        json.dumps({**row(number), f"k{number}" + "\ud83d" * 200: 1}).encode()
        for number in range(1_500)
    )

    assert few.unused_columns == ("colour", "Mood of day")
    unused = opened(many).unused_columns
    assert 900 < len(unused) <= 1_000
    assert max(map(len, unused)) <= 120
    assert "".join(unused).encode()


def test_every_dialect_is_described_and_the_plain_ones_come_last() -> None:
    dialects = DialectPostFiles(lambda: NOW).dialects()

    assert [each.name for each in dialects[-2:]] == ["plain_csv", "plain_json"]
    assert len({each.name for each in dialects}) == len(dialects)
    for each in dialects:
        assert each.title
        assert each.group
        assert each.files
        assert each.where_to_get
        assert each.recognised_by
        assert each.read
