"""What the command says, and its exit status, where something cannot be done."""

import gzip
import io
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
        ("text\na\n".encode("utf-16-le"), [], "iconv -f UTF-16 -t UTF-8"),
        ("text\na\n".encode("utf-16-be"), [], "> utf8.csv"),
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
        ("-", "out.csv", "standard input cannot be IN"),
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


@pytest.mark.parametrize("options", [[], ["--text-column", "so happy"]])
def test_the_column_that_was_chosen_is_said_where_nobody_named_it(
    bulk: Bulk, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    (tmp_path / "in.csv").write_text("so happy\nso sad\n")  # it has no header

    assert bulk(tmp_path / "in.csv", tmp_path / "out.csv", *options) == 0

    said = "the texts are in the column 'so happy'" in capsys.readouterr().err
    assert said == (not options)


def test_progress_that_nobody_reads_any_more_ends_no_run() -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    now = [0.0]
    line = ProgressLine(Closed(), size=10, read=0, rows=0, clock=lambda: now[0])
    now[0] = 1000.0

    line.show(5, 5, 0)

    assert line.rate(5) == 0.005


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
