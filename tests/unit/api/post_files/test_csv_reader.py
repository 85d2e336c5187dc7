"""What only the CSV reader has to know."""

import io
import logging
from datetime import UTC, datetime

import pytest
from api.post_files.csv_reader import CsvReader

from api.domain.posts import Engagement, Post, RejectedPost
from api.errors import UnreadableFileError

HEADER = "created_at,text,url,replies,retweets,favorites,user\n"


def read(data: bytes | str) -> list[Post | RejectedPost]:
    raw = data if isinstance(data, bytes) else data.encode()
    reader = CsvReader(lambda: datetime(2026, 3, 1, tzinfo=UTC))
    return list(reader.read(io.BytesIO(raw)))


def texts(data: bytes | str) -> list[str]:
    return [item.text for item in read(data) if isinstance(item, Post)]


def test_the_columns_of_a_timeline_export_are_read() -> None:
    line = "10/16/17 22:59,Hello,https://twitter.com/a/status/920061541986250758,1,2,3,somebody\n"

    [post] = read(HEADER + line)

    assert post == Post(
        post_id="920061541986250758",
        text="Hello",
        created_at=datetime(2017, 10, 16, 22, 59, tzinfo=UTC),
        engagement=Engagement(likes=3, reposts=2, replies=1),
    )


def test_columns_are_known_by_name_in_any_order_and_case() -> None:
    [post] = read('LIKES,"Text",ID,Created At\n4,hello,7,2024-01-02\n')

    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.engagement.likes) == ("7", "hello", 4)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_known_by_the_header(delimiter: str) -> None:
    rows = [["text", "created_at"], ["a, b", "2024-01-02"]]

    assert texts("\n".join(map(delimiter.join, rows))) == ["a, b"]


def test_a_header_without_a_text_or_a_time_is_unreadable_and_shown() -> None:
    with pytest.raises(UnreadableFileError, match="name,age"):
        read("name,age\nAnn,7\n")


def test_a_file_of_only_a_header_has_no_posts() -> None:
    assert read(HEADER) == []


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_is_read(ending: str) -> None:
    data = ending.join(["text,created_at", "one,2024-01-02", '"two\nlines",2024-01-03', ""])

    assert texts(data) == ["one", "two\nlines"]


def test_blank_rows_are_passed_over_and_rows_counted_as_a_spreadsheet_does() -> None:
    items = read('text,created_at\n"a\nb",2024-01-02\n\n,,\nx,never\n')

    assert [item.where for item in items if isinstance(item, RejectedPost)] == ["row 5"]


HUGE = "x" * (3 * 1024 * 1024)


@pytest.mark.parametrize(
    ("rows", "reason", "kept"),
    [
        ("2024-01-02,well, now\n", "3 cells", []),
        ('2024-01-03,"two\n2024-01-04,three\n', "never closed", []),
        (f"2024-01-02,{HUGE}\n2024-01-03,after\n", "longer than", ["after"]),
    ],
    ids=["a delimiter outside quotation marks", "an open quotation mark", "without measure"],
)
def test_a_bad_row_is_rejected_with_its_reason(rows: str, reason: str, kept: list[str]) -> None:
    first, rejected, *others = read(f"created_at,text\n2024-01-01,one\n{rows}")

    assert isinstance(first, Post)
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "row 3"
    assert reason in rejected.reason
    assert [item.text for item in others if isinstance(item, Post)] == kept


def test_a_quotation_mark_that_is_never_closed_in_a_long_file_costs_one_stretch_of_it() -> None:
    filler = f"2024-01-04,{'filler ' * 100}\n" * 2_000

    items = read(f'created_at,text\n2024-01-03,"open\n{filler}2024-01-05,last\n')

    assert isinstance(items[0], RejectedPost)
    assert "never closed" in items[0].reason
    assert "last" in [item.text for item in items if isinstance(item, Post)]


def test_a_cell_longer_than_the_module_csv_takes_by_default_is_read() -> None:
    assert texts(f"created_at,text,notes\n2024-01-02,hello,{'x' * 500_000}\n") == ["hello"]


def test_an_id_that_a_spreadsheet_rounded_is_not_taken_for_one() -> None:
    rows = "id,text,created_at\n9.20062E+17,one,2024-01-02\n9.20062E+17,two,2024-01-02\n"

    assert texts(rows) == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
def test_each_encoding_is_found_out(encoding: str, caplog: pytest.LogCaptureFixture) -> None:
    text = "“C’est l’été”, dit-elle… à Orléans — où ça ?"

    with caplog.at_level(logging.INFO):
        read_texts = texts(f'created_at,text\n2024-01-02,"{text}"\n'.encode(encoding))

    assert read_texts == [text]
    assert encoding.removesuffix("-sig") in caplog.text


def test_text_misread_twice_on_its_way_is_put_right() -> None:
    # What Mac Roman keeps of "they’ve won — over", UTF-8 before it was misread twice.
    damaged = b"they\xe4\xf3\xbbve won \xe4\xf3\xee over"

    assert texts(b"created_at,text\n2024-01-02," + damaged + b"\n") == ["they’ve won — over"]
