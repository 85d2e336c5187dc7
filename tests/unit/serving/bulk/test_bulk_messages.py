"""What the command says, and its exit status, where something cannot be done."""

import bz2
import codecs
import errno
import gzip
import io
import lzma
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.bulk.progress import ProgressLine, duration

Bulk = Callable[..., int]


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (b"id,body text\n1,a\n", [], "--text-column; the columns of"),
        (b"id,words\n1,a\n", ["--text-column", "word"], "no column 'word'; the columns of"),
        (b"id;text\n1;a\n", [], "--delimiter"),
        (b"text,joy\na,b\n", [], "the column joy already"),
        (b"", [], "no header"),
        ("text\na\n".encode("utf-16"), [], "UTF-16"),
        (b"text\na\n", ["--encoding", "utf-16"], "UTF-16"),
        (
            gzip.compress(b"text\na\n", mtime=0),
            [],
            "it first, for example with gzip -dc",
        ),
        (b"PK\x03\x04 an archive", [], "unzip -p"),
        (b"id,text\r1,a\r2,b\r", [], "end with CR alone"),
        (b"text\na\n", ["--encoding", "klingon"], "klingon is not known"),
        (b"text\na\n", ["--keep", "author"], "--keep author: there is no such column"),
        (b"text\na\n", ["--delimiter", "ab"], "one character"),
        (b"text\na\n", ["--ray", "nowhere"], "IN and OUT come before --ray"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_written(
    bulk: Bulk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    options: list[str],
    said: str,
) -> None:
    (tmp_path / "in.csv").write_bytes(data)

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv", *options) == 2

    assert said in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("none.csv", "out.csv", "is no file"),
        ("in.csv", "out.xlsx", "endings by which formats are told: .csv"),
        ("in.json", "out.csv", "endings"),
        ("in.csv", "in.csv", "the same file"),
        ("in.csv", "nowhere/out.csv", "make it first"),
        ("in.csv", "taken.csv", "is there already"),
        ("in.csv", "folder.csv", "OUT is a folder"),
        ("in.csv.gz", "out.csv", "is packed: unpack it first"),
        ("in.csv", "out.csv.gz", "OUT is written unpacked: name it"),
        ("-", "out.csv", "standard input cannot be IN"),
        ("-", "taken.csv", "standard input cannot be IN"),
        ("/dev/stdin", "out.csv", "standard input cannot be IN"),
        ("broken.parquet", "out.csv", "not a whole Parquet file"),
        ("prose.jsonl", "out.jsonl", "no JSON object"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    bulk: Bulk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    target: str,
    said: str,
) -> None:
    if source.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    for name in ("in.csv", "taken.csv", "broken.parquet", "prose.jsonl", "in.json"):
        (tmp_path / name).write_text("text\nso happy\n")
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.iterdir())

    assert bulk("-" if source == "-" else tmp_path / source, tmp_path / target) == 2

    assert said in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_a_packed_file_of_json_lines_is_named_without_its_bytes(
    bulk: Bulk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(gzip.compress(b'{"text": "a"}\n'))

    assert bulk(tmp_path / "in.jsonl", tmp_path / "out.jsonl") == 2

    said = capsys.readouterr().err
    assert "> unpacked.jsonl" in said
    assert said.strip().isprintable()


@pytest.mark.parametrize(
    ("name", "data", "options", "command"),
    [
        ("in.csv", "text\na\n".encode("utf-16"), [], "iconv -f UTF-16 -t UTF-8 {} > utf8.csv"),
        (
            "in.csv",
            codecs.BOM_UTF16_BE + "text\na\n".encode("utf-16-be"),
            [],
            "iconv -f UTF-16 -t UTF-8 {} > utf8.csv",
        ),
        ("in.csv", "text\na\n".encode("utf-16-le"), [], "iconv -f UTF-16LE -t UTF-8 {} > utf8.csv"),
        ("in.csv", "text\na\n".encode("utf-16-be"), [], "iconv -f UTF-16BE -t UTF-8 {} > utf8.csv"),
        ("in.tsv", "text\na\n".encode("utf-32"), [], "iconv -f UTF-32 -t UTF-8 {} > utf8.tsv"),
        ("in.csv", "text\na\n".encode("utf-32-be"), [], "iconv -f UTF-32BE -t UTF-8 {} > utf8.csv"),
        ("in.csv", "text\na\n".encode("utf-32-le"), [], "iconv -f UTF-32LE -t UTF-8 {} > utf8.csv"),
        (
            "in.csv",
            "文,text\na,a\n".encode("utf-16-be"),
            ["--encoding", "utf_16_be"],
            "iconv -f UTF-16BE -t UTF-8 {} > utf8.csv",
        ),
        (
            "my posts.jsonl",
            '{"text": "a"}\n'.encode("utf-16-le"),
            [],
            "iconv -f UTF-16LE -t UTF-8 '{}' > utf8.jsonl",
        ),
        ("o'clock.csv", b"text\ra\rb\r", [], "tr '\\r' '\\n' < '{}' > lines.csv"),
        ("in.csv.gz", gzip.compress(b"text\na\n", mtime=0), [], "gzip -dc {} > unpacked.csv"),
        ("IN.JSONL.GZ", gzip.compress(b"{}\n", mtime=0), [], "gzip -dc {} > unpacked.JSONL"),
        ("in.xz", lzma.compress(b"text\na\n"), [], "xz -dc {} > unpacked.csv"),
        ("my posts.csv", bz2.compress(b"text\na\n"), [], "bzip2 -dc '{}' > unpacked.csv"),
        ("in.jsonl", bz2.compress(b""), [], "bzip2 -dc {} > unpacked.jsonl"),
    ],
)
def test_the_command_that_converts_a_file_is_named_exactly(
    bulk: Bulk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes,
    options: list[str],
    command: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    assert bulk(path, tmp_path / "out.csv", *options) == 2

    said = capsys.readouterr().err.rstrip()
    quoted = str(path).replace("'", "'\"'\"'")
    assert said.endswith(f"for example with {command.format(quoted)}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_the_command_that_is_named_makes_a_file_that_is_scored(
    bulk: Bulk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    encoding: str,
) -> None:
    if shutil.which("iconv") is None:
        pytest.skip("iconv is missing: NOT TESTED")
    (tmp_path / "my posts.csv").write_bytes("text\nä 文\n".encode(encoding))
    bulk(tmp_path / "my posts.csv", tmp_path / "out.csv")
    command = capsys.readouterr().err.partition("for example with ")[2]

    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True)

    assert (tmp_path / "utf8.csv").read_text(encoding="utf-8-sig") == "text\nä 文\n"
    assert bulk(tmp_path / "utf8.csv", tmp_path / "out.csv") == 0


def test_a_csv_whose_first_header_begins_like_a_packed_file_is_scored(
    bulk: Bulk, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("BZh9,text\n1,so happy\n")

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv") == 0


def test_utf_8_with_a_byte_order_mark_may_be_named_by_the_name_that_python_has_for_it(
    bulk: Bulk, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("text\nso happy\n", encoding="utf-8-sig")

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv", "--encoding", "utf-8-sig") == 0


@pytest.mark.parametrize("options", [[], ["--text-column", "so happy"]])
def test_the_column_that_was_chosen_is_said_where_nobody_named_it(
    bulk: Bulk, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    (tmp_path / "in.csv").write_text("so happy\nso sad\n")  # it has no header

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv", *options) == 0

    said = "the texts are in the column 'so happy'" in capsys.readouterr().err
    assert said == (not options)


class Unread(io.StringIO):
    """Standard error, on a terminal or in a pipe, whose reader has gone."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, _: str) -> int:
        raise OSError(errno.EIO if self._terminal else errno.EPIPE, "nobody reads this")


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_that_nobody_reads_any_more_ends_no_run(terminal: bool) -> None:
    now = [0.0]
    line = ProgressLine(Unread(terminal=terminal), size=10, read=0, rows=0, clock=lambda: now[0])
    now[0] = 1000.0

    line.show(5, 5, 0)
    line.end()

    assert line.rate(5) == 0.005


@pytest.mark.parametrize("terminal", [False, True])
def test_a_run_whose_messages_nobody_reads_has_its_usual_status_and_output(
    bulk: Bulk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    (tmp_path / "in.csv").write_text("text\nso happy\n")
    monkeypatch.setattr(sys, "stderr", Unread(terminal=terminal))

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv") == 0
    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv") == 2  # it is there already

    assert len((tmp_path / "out.csv").read_text().splitlines()) == 2


def test_a_parquet_column_that_holds_no_texts_is_named(
    bulk: Bulk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": [1], "body": ["a"]}), tmp_path / "in.parquet")

    assert bulk(tmp_path / "in.parquet", tmp_path / "out.parquet") == 2

    assert "holds int64" in capsys.readouterr().err
    assert bulk(tmp_path / "in.parquet", tmp_path / "out.csv", "--text-column", "body") == 0


def test_a_model_that_is_missing_has_its_own_status(
    bulk: Bulk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.csv").write_text("text\na\n")
    monkeypatch.setenv("SERVING_MODEL_DIR", str(tmp_path / "none"))

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv") == 3


def test_the_last_line_counts_rows_and_marked_rows(
    bulk: Bulk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,so\n2,\n3,sad\n")

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv") == 0

    last = capsys.readouterr().err.splitlines()[-1]
    assert "3 rows are in" in last
    assert "1 of them marked in the column error" in last


def test_progress_has_share_rate_and_time_left() -> None:
    now = [0.0]
    stream = io.StringIO()
    line = ProgressLine(stream, size=1_000, read=200, rows=20, clock=lambda: now[0])

    line.show(210, 21, 0)
    now[0] = 60.0
    line.show(400, 1_220, 3)

    assert stream.getvalue() == ("bulk: 40.0%, 1,220 rows (3 marked), 20 rows/s, 3 min 0 s left\n")


@pytest.mark.parametrize(
    ("seconds", "said"), [(59.6, "1 min 0 s"), (42, "42 s"), (12_000, "3 h 20 min")]
)
def test_times_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
