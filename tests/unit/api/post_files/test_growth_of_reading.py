"""Twice the input takes at most two and a half times the work, however the file is made."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.posts import Ownership, key_of_content
from api.errors import MoodlineError
from api.intake.html_text import text_of_html
from api.post_files.encodings import encoding_of, line_batches, undo_misreadings
from api.post_files.long_posts import LongPosts
from api.post_files.opening import DialectPostFiles
from tests.contract.post_files.post_file_formats import NOW
from tests.support.growth import MOST_PER_DOUBLING, growth, lines_run
from tests.support.post_file_cases import zip_of

FILES = DialectPostFiles(lambda: NOW)
POST = '{"id": "1", "text": "a walk", "created_at": "2024-01-02"}'
HEADER = b"id,text,created_at\n"


def read(content: bytes) -> None:
    """Read a file to its end, or up to where it is refused."""
    try:
        for _ in FILES.open(io.BytesIO(content), None, None, None).posts():
            pass
    except MoodlineError:
        pass


BUILT: dict[str, Callable[[int], bytes]] = {
    "underscores after a byte of another encoding": lambda n: b"\xe9 x" + b"_" * n,
    "underscores in a table": lambda n: HEADER + b"1,\xe9 x" + b"_" * n + b",2024-01-02\n",
    "one long run of such bytes": lambda n: HEADER + b"1," + b"\xe9" * n + b",2024-01-02\n",
    "tabs after the line that names the delimiter": lambda n: b"sep=," + b"\t" * n + b"x\n",
    "quotation marks in a cell that is not closed": lambda n: (
        HEADER + b'1,"a' + b',"x' * (n // 3) + b"\n2,b,2024-01-02\n"
    ),
    "cells with a mark each in one line": lambda n: (
        HEADER + b'1,"a' + b',"x"' * (n // 4) + b"\n2,b,2024-01-02\n"
    ),
    "cells that open at each line": lambda n: HEADER + b'1,"a\n' * (n // 5),
    "columns": lambda n: b"text,created_at" + b",a" * (n // 2) + b"\nx,2024-01-02\n",
    "brackets": lambda n: b"[" * n,
    "objects in objects": lambda n: b'{"a":' * (n // 5),
    "values one after another": lambda n: b'{"a": 1} ' * (n // 9),
    "objects without a post": lambda n: f"[{POST}{',{}' * (n // 3)}]".encode(),
    "a first line that may go on": lambda n: ("{" + ", " * (n // 2) + "\n").encode(),
    "digits": lambda n: f'{POST}\n{{"text": {"1" * n}}}\n'.encode(),
    "a fraction": lambda n: f'{POST}\n{{"text": 1.{"1" * n}}}\n'.encode(),
    "tags that are not closed": lambda n: json.dumps(
        {"text": "<p>x</p>" + "<a " * (n // 3), "created_at": "2024-01-02"}
    ).encode(),
    "marks over one letter": lambda n: json.dumps(
        {"text": "a" + "\u0301\u0323" * (min(n, 24_000) // 2), "created_at": "2024-01-02"}
    ).encode(),
    "hash signs": lambda n: json.dumps(
        {"text": "#a" * (n // 2), "hashtags": "#a " * n, "created_at": "2024-01-02"}
    ).encode(),
    "members of a zip": lambda n: zip_of({f"a{each}.txt": b"x" for each in range(n // 64)}),
}


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_twice_the_file_takes_at_most_two_and_a_half_times_as_long(
    build: Callable[[int], bytes],
) -> None:
    files = {size: build(size) for size in (8_000, 64_000)}

    assert growth(lambda size: read(files[size]), 8_000) <= MOST_PER_DOUBLING


def test_twice_the_marks_over_one_letter_take_at_most_two_and_a_half_times_as_long() -> None:
    when = datetime(2024, 1, 2, tzinfo=UTC)
    for marks in ("\u0301\u0323", "ﾞ\u0301"):

        def key(size: int, marks: str = marks) -> str:
            return key_of_content(Ownership.OWN, when, "a" + marks * size)

        assert growth(key, 3_000) <= MOST_PER_DOUBLING


def test_a_line_in_many_pieces_is_put_together_in_linear_time() -> None:
    def lines(pieces: int) -> None:
        assert list(line_batches(["x" * 256] * pieces, 0, 10**7)) == [["x" * 256 * pieces]]

    assert growth(lines, 1_000) <= MOST_PER_DOUBLING


def test_the_underscores_before_a_run_are_no_work_in_putting_it_right() -> None:
    text = undo_misreadings("_" * 20_000 + "caf\xc3\xa9", 1)

    assert text == "_" * 20_000 + "café"
    assert growth(lambda size: undo_misreadings("é" + "_" * size, 1), 8_000) <= MOST_PER_DOUBLING


def test_a_few_bytes_of_each_run_are_enough_to_know_the_encoding() -> None:
    def steps(size: int) -> int:
        return lines_run(lambda: encoding_of([b"\xe9" * size] * 4))

    assert steps(65_536) <= MOST_PER_DOUBLING * steps(32_768)
    assert steps(65_536) < 4 * 65_536


@pytest.mark.parametrize("same_second", [True, False])
def test_a_post_finds_its_long_text_in_as_many_steps_among_few_as_among_many(
    same_second: bool,
) -> None:
    def notes(count: int) -> LongPosts:
        kept = LongPosts(NOW)
        for number in range(count):
            second = 0 if same_second else number
            kept.add({
                "noteTweet": {
                    "noteTweetId": f"n{number}",
                    "createdAt": f"2024-01-02T{second // 3600:02}:{second // 60 % 60:02}"
                    f":{second % 60:02}.000Z",
                    "core": {"text": f"{number:06} begins a long text of many characters, whole"},
                }
            })  # fmt: skip
        return kept

    def steps(count: int) -> int:
        kept = notes(count)
        post = {
            "id_str": "1",
            "created_at": "2024-01-02T00:00:00Z",
            "full_text": "000000 begins a long text of many characters…",
        }
        assert str(kept.complete(post)["full_text"]).endswith("whole")
        return lines_run(lambda: kept.complete(post))

    assert steps(4_000) == steps(100)
    assert growth(notes, 1_000) <= MOST_PER_DOUBLING


@given(
    st.lists(st.sampled_from(["<", "a", " ", '"', "'", "&#1", "<!--", ">", "1" * 50]), max_size=6)
)
@settings(max_examples=40, deadline=None)
def test_any_piece_of_html_over_and_over_takes_linear_steps(pieces: list[str]) -> None:
    piece = "".join(pieces)

    def steps(times: int) -> int:
        return lines_run(lambda: text_of_html(piece * times))

    assert steps(128) <= MOST_PER_DOUBLING * steps(64) + 100


SEEDS = st.sampled_from([
    b'"', b",", b"\n", b"\r", b'"",', b'\\"', b"_", b"\xe9", b"\xc3\xa9", b"\x00", b"{", b"}", b"[",
    b"]", b":", b"1", b"e", b'{"text":"a"}', b'{"a":[', POST.encode(), b" ", b"\t", b";", b"<a ",
    b"#",
])  # fmt: skip


@given(
    st.sampled_from([b"", HEADER, b"[", POST.encode() + b"\n", b"window.YTD.tweets.part0 = ["]),
    st.lists(SEEDS, min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_whatever_is_repeated_in_a_file_takes_linear_steps(
    head: bytes, pieces: list[bytes]
) -> None:
    piece = b"".join(pieces)

    def steps(times: int) -> int:
        return lines_run(lambda: read(head + piece * times))

    assert steps(128) <= MOST_PER_DOUBLING * steps(64) + 2_000
