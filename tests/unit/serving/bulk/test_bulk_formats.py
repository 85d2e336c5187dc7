"""What comes out of each format: one row per row, in order, bad ones marked, nothing lost."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from serving.bulk.csv_files import CsvReader
from serving.bulk.json_lines import FIRST_LINES, JsonLinesReader
from serving.bulk.rows import ROW_BYTES
from serving.classifier.artifact import EMOTIONS, open_model
from serving.classifier.classifier import EmotionClassifier

Bulk = Callable[..., int]
SCORES = [*EMOTIONS, "irony"]


def read_csv(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def score_csv(bulk: Bulk, folder: Path, data: bytes, *options: str) -> list[dict[str, str]]:
    (folder / "in.csv").write_bytes(data)
    assert bulk(folder / "in.csv", folder / "out.csv", *options) == 0
    return read_csv(folder / "out.csv")


def score_lines(bulk: Bulk, folder: Path, data: bytes, *options: str) -> list[dict[str, Any]]:
    (folder / "in.jsonl").write_bytes(data)
    assert bulk(folder / "in.jsonl", folder / "out.jsonl", *options) == 0
    return read_lines(folder / "out.jsonl")


def is_marked(row: dict[str, Any]) -> bool:
    assert bool(row["error"]) != bool(row["label"]), row
    return bool(row["error"])


def test_scores_are_those_of_the_classifier_digit_by_digit(
    bulk: Bulk, tmp_path: Path, tiny_model: Path
) -> None:
    texts = ["so happy today", "", "my dog is sad. " * 30, "so happy today", "漢字 \ud800 😀"]
    data = "".join(json.dumps({"text": text}) + "\n" for text in texts)

    rows = score_lines(bulk, tmp_path, data.encode())

    with EmotionClassifier(open_model(tiny_model)) as classifier:
        wire = [classifier.classify([text])[0].to_wire() for text in texts]
    for row, item in zip(rows, wire, strict=True):
        assert {name: row[name] for name in EMOTIONS} == item["scores"]
        for name in ("label", "irony", "tokens", "truncated"):
            assert row[name] == item[name]
    assert rows[2]["truncated"]


def test_a_csv_file_keeps_its_columns_and_order(bulk: Bulk, tmp_path: Path) -> None:
    data = 'id,text,note\n7,"a ""b"", c\nd",x\n3,happy,\n'.encode("utf-8-sig")

    rows = score_csv(bulk, tmp_path, data)

    assert [(row["id"], row["text"], row["note"]) for row in rows] == [
        ("7", 'a "b", c\nd', "x"),
        ("3", "happy", ""),
    ]
    for row in rows:
        assert row["label"] in EMOTIONS
        assert sum(float(row[name]) for name in EMOTIONS) == pytest.approx(1, abs=1e-5)
        assert row["truncated"] == "false"
        assert not is_marked(row)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2,caf\xe9", "not utf-8"),
        (b"2,", "text is missing"),
        (b"2", "1 field, the header has 2"),
        (b"2,a,b,c", "4 fields, the header has 2"),
        (b'2,"a"b', "quotes"),
        (b'2,"never closed', "quotes"),
        (b"2,a\rb", "quotes"),
        (b"2," + b"a" * (ROW_BYTES + 9), "longer than"),
        (b"2,fragile", "model cannot classify"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_bad_csv_row_is_marked_and_the_others_are_scored(
    bulk: Bulk, tmp_path: Path, line: bytes, reason: str, last: bool
) -> None:
    after = b"" if last else b"\n3,sad\n4,so\n"

    rows = score_csv(bulk, tmp_path, b"id,text\n1,happy\n" + line + after)

    assert [is_marked(row) for row in rows] == [False, True, *([] if last else [False, False])]
    assert reason in rows[1]["error"]
    kept = rows[1]["bad_row"] or ",".join((rows[1]["id"], rows[1]["text"]))
    assert kept.startswith("2")
    if not last:
        assert [row["id"] for row in rows[2:]] == ["3", "4"]


def test_undecodable_bytes_can_be_read_where_the_encoding_is_named(
    bulk: Bulk, tmp_path: Path
) -> None:
    rows = score_csv(bulk, tmp_path, b"text\ncaf\xe9\n", "--encoding", "latin-1")

    assert rows[0]["text"] == "café"
    assert not is_marked(rows[0])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a"', "not JSON"),
        (b'{"text": "caf\xe9"}', "not utf-8"),
        (b'{"text": null}', "missing"),
        (b'{"other": 1}', "no field 'text'"),
        (b'{"text": 5}', "not a string"),
        (b'["text"]', "no object"),
        (b'{"text": NaN}', "not JSON"),
        (b'{"text": ' + b"[" * 100_000, "not JSON"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"text": "' + b"a" * (ROW_BYTES + 9) + b'"}', "longer than"),
    ],
)
def test_a_bad_json_line_is_marked_and_the_others_are_scored(
    bulk: Bulk, tmp_path: Path, line: bytes, reason: str
) -> None:
    data = b'{"text": "so"}\n' + line + b'\n\n{"text": "sad"}'

    rows = score_lines(bulk, tmp_path, data)

    assert [is_marked(row) for row in rows] == [False, True, False]
    assert reason in rows[1]["error"]
    if reason in ("not JSON", "no object"):
        assert rows[1]["bad_row"] == line.decode()


def test_a_late_field_with_the_name_of_a_result_is_neither_lost_nor_overwritten(
    bulk: Bulk, tmp_path: Path
) -> None:
    late = '{"text": "a", "joy": 1}'

    rows = score_lines(bulk, tmp_path, b'{"text": "so"}\n' * FIRST_LINES + late.encode())

    assert "--prefix" in rows[-1]["error"]
    assert rows[-1]["bad_row"] == late
    assert sum(is_marked(row) for row in rows) == 1


def test_json_lines_are_kept_to_the_byte(bulk: Bulk, tmp_path: Path) -> None:
    line = '{ "id" : 1.10, "big": 12345678901234567890123, "text":"\\u00e9 é", "x": {"a":[1]} }'

    score_lines(bulk, tmp_path, f"{line}\n{{}}\n".encode())

    first, second = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert first.startswith("{" + line[1:-1].strip() + ', "label": ')
    assert second.startswith('{"label": null')


def test_columns_to_keep_can_be_chosen(bulk: Bulk, tmp_path: Path) -> None:
    data = b'{"id": 1, "text": "so", "joy": 3}\n{"text": "sad", "id": {"a": 2}}\n'

    rows = score_lines(bulk, tmp_path, data, "--keep", "id")

    assert [row["id"] for row in rows] == [1, {"a": 2}]
    assert all("text" not in row for row in rows)


def test_a_prefix_names_the_added_columns(bulk: Bulk, tmp_path: Path) -> None:
    rows = score_csv(bulk, tmp_path, b"text,label,error\na,old,e\n", "--prefix", "m_")

    assert (rows[0]["label"], rows[0]["error"]) == ("old", "e")
    assert rows[0]["m_label"] in EMOTIONS


def test_tab_separated_files_and_repeated_column_names_are_read(bulk: Bulk, tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text("text\tx\tx\t\nso happy, today\t1\t2\t3\n")

    assert bulk(tmp_path / "in.tsv", tmp_path / "out.tsv") == 0

    (row,) = read_csv(tmp_path / "out.tsv", "\t")
    assert (row["text"], row["x"], row["x.1"]) == ("so happy, today", "1", "2")


@pytest.mark.parametrize("data", [b"text\n", b'"text"'])
def test_a_file_without_rows_becomes_one_without_rows(
    bulk: Bulk, tmp_path: Path, data: bytes
) -> None:
    assert score_csv(bulk, tmp_path, data) == []
    assert (tmp_path / "out.csv").read_text().startswith("text,label,")


def test_json_lines_become_a_table_with_all_their_fields(bulk: Bulk, tmp_path: Path) -> None:
    data = b'{"text": "so", "n": 1}\nbroken\n{"text": "sad", "tags": ["x", "y"], "late": true}\n'
    (tmp_path / "in.jsonl").write_bytes(data)

    assert bulk(tmp_path / "in.jsonl", tmp_path / "out.csv") == 0

    rows = read_csv(tmp_path / "out.csv")
    assert [row["n"] for row in rows] == ["1", "", ""]
    assert rows[2]["tags"] == '["x", "y"]'
    assert rows[2]["late"] == "true"
    assert rows[1]["bad_row"] == "broken"


def test_parquet_keeps_its_types_and_marks_texts_that_are_null_or_undecodable(
    bulk: Bulk, tmp_path: Path
) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    columns = {
        "id": pa.array([1, 2, 3, 4], pa.int16()),
        "text": pa.array([b"so happy", None, b"caf\xe9", b""], pa.binary()),
        "at": pa.array([datetime(2026, 1, 2)] * 4, pa.timestamp("ns")),
        "price": pa.array([Decimal("1.10")] * 4),
        "kind": pa.array(["a", "b", "a", None]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "in.parquet", row_group_size=3)

    assert bulk(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0
    assert bulk(tmp_path / "in.parquet", tmp_path / "out.jsonl") == 0

    table = pq.read_table(tmp_path / "out.parquet")
    assert [str(table.schema.field(name).type) for name in ("id", "at", "kind", "joy")] == [
        "int16",
        "timestamp[ns]",
        "string",
        "double",
    ]
    assert [is_marked(row) for row in table.to_pylist()] == [False, True, True, False]
    assert table.column("id").to_pylist() == [1, 2, 3, 4]
    lines = read_lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in lines] == [1, 2, 3, 4]
    assert (lines[0]["at"], lines[0]["price"]) == ("2026-01-02 00:00:00.000000000", "1.10")
    for name in ("label", *SCORES, "error"):
        assert [line[name] for line in lines] == table.column(name).to_pylist()


def test_values_within_values_of_parquet_become_json(bulk: Bulk, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    within = {"price": float("nan"), "at": datetime(2026, 1, 2), "raw": b"\xff!"}
    table = pa.table({"text": ["so happy"], "within": [within], "prices": [[1.5, float("inf")]]})
    pq.write_table(table, tmp_path / "in.parquet")

    assert bulk(tmp_path / "in.parquet", tmp_path / "out.jsonl") == 0

    (line,) = read_lines(tmp_path / "out.jsonl")
    assert line["within"] == {"price": None, "at": "2026-01-02 00:00:00", "raw": "\\xff!"}
    assert line["prices"] == [1.5, None]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_lines_of_any_depth_are_scored_or_marked(bulk: Bulk, tmp_path: Path, ending: str) -> None:
    depths = [*range(450, 550), *range(900, 1_010)]
    lines = [
        f'{{"text": "sad", "of": {"[" * depth}1e999{"]" * depth}}}\n'
        f'{{"text": "sad", "of": {"[" * depth}1{"]" * depth}}}\n'
        for depth in depths
    ]
    (tmp_path / "in.jsonl").write_text("".join(lines))

    assert bulk(tmp_path / "in.jsonl", tmp_path / f"out{ending}", "--keep", "of") == 0

    read = read_csv if ending == ".csv" else read_lines
    marked = [is_marked(row) for row in read(tmp_path / f"out{ending}")]
    assert marked == [depth >= 500 for depth in depths for _ in range(2)]


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ('"list": [], "of": ' + "[" * 499 + "1" + "]" * 499, False),
        ('"list": [], "of": ' + '{"a":' * 499 + "1" + "}" * 499, False),
        ('"lists": ' + str([[]] * 600), False),
        ('"of": ' + "[" * 500 + "]" * 500, True),
        ('"of": ' + '[{"a":' * 250 + "1" + "}]" * 250, True),
    ],
)
def test_only_objects_and_lists_within_one_another_count_as_depth(
    bulk: Bulk, tmp_path: Path, line: str, marked: bool
) -> None:
    (tmp_path / "in.jsonl").write_text(f'{{"text": "sad"}}\n{{"text": "sad", {line}}}\n')

    assert bulk(tmp_path / "in.jsonl", tmp_path / "out.jsonl") == 0

    assert [is_marked(row) for row in read_lines(tmp_path / "out.jsonl")] == [False, marked]


def test_every_format_becomes_every_other_with_the_same_scores(bulk: Bulk, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    texts = ["so happy", "my \ud800 dog", 'a "b", c', "x\ny"] * 5
    first = tmp_path / "0.jsonl"
    first.write_text("".join(json.dumps({"id": n, "text": t}) + "\n" for n, t in enumerate(texts)))
    steps = [".csv", ".parquet", ".tsv", ".jsonl", ".parquet", ".ndjson"]

    for number, ending in enumerate(steps):
        source = next(tmp_path.glob(f"{number}.*"))
        keep = () if number == 0 else ("--keep", "id", "--keep", "text")
        assert bulk(source, tmp_path / f"{number + 1}{ending}", *keep) == 0

    ended = read_lines(tmp_path / "6.ndjson")
    began = pq.read_table(tmp_path / "2.parquet").to_pylist()
    assert [str(row["id"]) for row in ended] == [str(number) for number in range(len(texts))]
    assert [row["joy"] for row in ended] == [row["joy"] for row in began]


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_windows_of_any_size_hold_the_same_rows_and_can_be_begun_at_any_end(
    tmp_path: Path, rows: int
) -> None:
    texts = io.StringIO()
    csv.writer(texts).writerows([["text"], ["a\nb"], ['c "d"'], [""], ["e"], ["f"]])
    path = tmp_path / "in.csv"
    path.write_text(texts.getvalue() + '"open\ng\n', newline="")
    reader = CsvReader.open(path)
    whole = [row for window in reader.windows(0) for row in window.rows]

    windows = list(replace(reader, window_rows=rows).windows(0))

    assert [row for window in windows for row in window.rows] == whole
    assert len(whole) == 7
    done = 0
    for window in windows:
        done += len(window.rows)
        assert [row for one in reader.windows(window.end) for row in one.rows] == whole[done:]


def test_a_quote_that_is_never_closed_costs_one_row_however_many_follow(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,"open\n' + "".join(f"{n},x\n" for n in range(5_000)))

    rows = [row for window in CsvReader.open(path).windows(0) for row in window.rows]

    assert len(rows) == 5_001
    assert [row.error is None for row in rows[:3]] == [False, True, True]


def test_fields_of_json_lines_are_found_beyond_the_first_lines_for_a_table(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a"}\n' * 2_000 + '{"text": "a", "late": 1.5}\n')

    assert JsonLinesReader.open(path, whole=True).kinds == {"text": "str", "late": "float"}
