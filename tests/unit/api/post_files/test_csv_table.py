"""How the rows of a CSV file are read, sound and damaged ones."""

import csv
import io
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.post_files.csv_table import CsvTable, open_table

HUGE = "x" * (3 * 1024 * 1024)


def is_header(cells: Sequence[str]) -> bool:
    return {"text", "created_at"} <= {cell.lower() for cell in cells}


def table_in(data: bytes | str, size: int = 65_536) -> CsvTable | None:
    raw = data if isinstance(data, bytes) else data.encode()

    def chunks() -> Iterator[bytes]:
        return (raw[at : at + size] for at in range(0, len(raw), size))

    return open_table(chunks, is_header)


def rows_in(data: bytes | str, size: int = 65_536) -> list[tuple[int, list[str] | str]]:
    table = table_in(data, size)
    assert table is not None
    return list(table.rows())


def cells_in(data: bytes | str) -> list[list[str] | str]:
    return [cells for _, cells in rows_in(data)]


# The header


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_known_by_the_header(delimiter: str) -> None:
    table = table_in(f"created_at{delimiter}text{delimiter}likes\n")

    assert table is not None
    assert (table.columns, table.delimiter) == (("created_at", "text", "likes"), delimiter)


def test_columns_are_as_written_but_for_marks_and_blanks_around_them() -> None:
    table = table_in('\ufeff\ufeff"Text" , created_at ,\x00"Tweet\nid",\n')

    assert table is not None
    assert table.columns == ("Text", "created_at", "Tweet id")


@pytest.mark.parametrize(
    ("above", "header_row"),
    [
        ("\n\n", 3),
        ("My posts of 2023\n", 2),
        ("# made by a tool, 2023\n# see its page\n", 3),
        ('"Posts, all of them\n', 2),
        ("sep=;\n", 1),
        ('"sep=;"\r\n', 1),
        (f"{HUGE}\n", 2),
    ],
    ids=["blank", "title", "comments", "open mark", "sep", "quoted sep", "overlong"],
)
def test_lines_above_the_header_are_passed_over_and_rows_counted_as_a_spreadsheet_does(
    above: str, header_row: int
) -> None:
    assert rows_in(f"{above}text;created_at\na, b;1\n") == [(header_row + 1, ["a, b", "1"])]


def test_the_line_sep_may_name_a_delimiter_that_nobody_else_uses() -> None:
    assert cells_in("sep=^\ntext^created_at\na, b; c^1\n") == [["a, b; c", "1"]]


@pytest.mark.parametrize(
    "data", ["", "\n\n", "name,age\nAnn,7\n", "\x00", "\n" * 25 + "text,created_at"]
)
def test_a_file_without_a_header_at_its_top_is_no_table(data: str) -> None:
    assert table_in(data) is None


def test_rows_can_be_read_several_times() -> None:
    table = table_in("text,created_at\na,1\n")

    assert table is not None
    assert list(table.rows()) == list(table.rows()) == [(2, ["a", "1"])]


# Sound rows


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_kind_of_line_ending_is_read(ending: str) -> None:
    data = ending.join(["text,created_at", "one,1", '"two\nlines",2', ""])

    assert cells_in(data) == [["one", "1"], ["two\nlines", "2"]]


def test_blank_rows_are_passed_over_and_counted() -> None:
    items = rows_in('text,created_at\n"a\nb",1\n\n,,\n  , \nx,2\n')

    assert items == [(2, ["a\nb", "1"]), (6, ["x", "2"])]


def test_short_rows_are_padded_and_blank_cells_at_the_end_left_out() -> None:
    assert cells_in("text,created_at,likes\na\nb,1,2,, \n") == [["a", "", ""], ["b", "1", "2"]]


def test_a_delimiter_at_the_end_of_each_line_makes_no_column() -> None:
    assert cells_in("text,created_at,\na,1,\nb,2,note\n") == [["a", "1"], ["b", "2"]]


def test_a_header_that_comes_again_is_passed_over() -> None:
    data = "text,created_at\na,1\n\ufefftext,created_at\nb,2\n"

    assert rows_in(data) == [(2, ["a", "1"]), (4, ["b", "2"])]


def test_blanks_after_every_delimiter_do_not_spoil_the_quotation_marks() -> None:
    assert cells_in('text, created_at\n"a, b", "1"\n') == [["a, b", "1"]]


def test_padding_of_a_file_is_no_row() -> None:
    assert cells_in("text,created_at\na,1\n\x1a" + "\x00" * 9_000_000) == [["a", "1"]]


# Damaged rows


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"He said "hi" to me"', 'He said "hi" to me'),
        ('""Hello" she said"', '"Hello" she said'),
        ('""Hello""', '"Hello"'),
        ('"she said "hi""', 'she said "hi"'),
        ('"I said "hi", and left"', 'I said "hi", and left'),
        ('"He said "hi"\nand left"', 'He said "hi"\nand left'),
        ('"the "one"\n\nand the "other""', 'the "one"\n\nand the "other"'),
        ('"it is 6" long"', 'it is 6" long'),
        ('"a ""b"" and "c""', 'a "b" and "c"'),
        (r'"He said \"hi\" to me"', 'He said "hi" to me'),
        (r'"I said \"hi\", and left"', 'I said "hi", and left'),
        (r'"he said \"hi\""', 'he said "hi"'),
        (r'"it ends in \", see"', 'it ends in ", see'),
        (r'"C:\posts\"', "C:\\posts\\"),
        ('"blank after"  ', "blank after"),
        ('in "the" middle', 'in "the" middle'),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_quotation_marks_that_are_not_doubled_stay_in_the_text(
    written: str, meant: str, delimiter: str, ending: str
) -> None:
    def localised(text: str) -> str:
        return text.replace(",", delimiter).replace("\n", ending)

    rows = localised(f'id,text,created_at\n1,{written},10\n2,"sound, ""row""",20\n')

    assert cells_in(rows) == [
        ["1", localised(meant), "10"],
        ["2", localised('sound, "row"'), "20"],
    ]


OPEN = [
    ('1,"two\n', []),
    ('1,"two\n2,three\n', [["2", "three"]]),
    ('1,"two\n2,three\n3,"four"\n4,five\n', [["2", "three"], ["3", "four"], ["4", "five"]]),
    ('1,"two\n2,three "quoted" words\n', [["2", 'three "quoted" words']]),
    ('1,"two\n2,three "quoted"\n3,x\n', [["2", 'three "quoted"'], ["3", "x"]]),
    ('"1","two\n"2","three\nlines"\n"3","x"\n', [["2", "three\nlines"], ["3", "x"]]),
    ('1,"two\n2,"it is 6" tall"\n3,x\n', [["2", 'it is 6" tall'], ["3", "x"]]),
    ('1,"two "of" them\n2,"three\nlines"\n', [["2", "three\nlines"]]),
]


@pytest.mark.parametrize(("rows", "kept"), OPEN)
def test_a_quotation_mark_that_is_never_closed_costs_its_row_only(
    rows: str, kept: list[list[str]]
) -> None:
    sound, (number, reason), *others = rows_in(f"created_at,text\n0,one\n{rows}")

    assert sound == (2, ["0", "one"])
    assert number == 3
    assert "never closed" in reason
    assert [cells for _, cells in others] == kept


def test_a_quotation_mark_that_is_never_closed_in_a_long_file_costs_its_row_only() -> None:
    filler = [f"{number},{'filler ' * 100}" for number in range(5_000)]

    (_, reason), *others = rows_in("\n".join(["created_at,text", '0,"open', *filler]))

    assert "never closed" in reason
    assert len(others) == 5_000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,well, now", "has 3 cells and the header 2"),
        ('1,"so "odd" a "row', "never closed"),
        (f"1,{HUGE}", "longer than"),
        (f'1,"{HUGE}"', "longer than"),
    ],
    ids=["delimiter outside marks", "an odd mark", "overlong", "overlong in marks"],
)
def test_a_bad_row_has_its_reason_and_the_next_is_read(row: str, reason: str) -> None:
    (number, why), after = rows_in(f"created_at,text\n{row}\n2,after\n")

    assert number == 2
    assert reason in why
    assert after == (3, ["2", "after"])


def test_a_cell_of_many_lines_that_is_longer_than_the_limit_costs_its_lines_only() -> None:
    cell = ("x" * 1000 + "\n") * 3000

    items = cells_in(f'created_at,text\n1,"{cell}"\n2,after\n')

    assert "never closed" in items[0]
    assert items[-1] == ["2", "after"]


def test_a_cell_longer_than_the_module_csv_takes_by_default_is_read() -> None:
    assert cells_in(f"created_at,text\n1,{'x' * 500_000}\n") == [["1", "x" * 500_000]]


# Whatever comes

# No other line breaks than the file's own: the module csv writes those without quotation marks.
CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\x1a\ufeff\ufffd\r"), max_size=12
) | st.text(st.sampled_from('a,;\t|"\\ \né’👍'), max_size=12)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    size=st.integers(3, 200),
)
def test_what_the_module_csv_writes_is_read_back(
    rows: list[tuple[str, str, str]], delimiter: str, ending: str, encoding: str, quoting: int,
    size: int,
) -> None:  # fmt: skip
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["number", "created_at", "text", "id"])
    # The sign of a sound text: without it a few characters may look like misread ones.
    sound = "“déjà” ’" * 40
    written = [
        [f"{number}{sound}", *(cell.replace("\n", ending) for cell in row)]
        for number, row in enumerate(rows)
    ]
    writer.writerows(written)

    read = rows_in(out.getvalue().encode(encoding), size)

    assert read == list(enumerate(written, start=2))


@settings(deadline=None, max_examples=150)
@given(
    data=st.binary(max_size=200)
    | st.text(st.sampled_from('a1,;\n\r"\\ \x00é'), max_size=80).map(str.encode),
    size=st.integers(1, 50),
)
def test_whatever_follows_the_header_is_read_or_has_a_reason(data: bytes, size: int) -> None:
    items = rows_in(b"text,created_at\n" + data, size)

    assert all(isinstance(row, str) or len(row) == 2 for _, row in items)
    assert [number for number, _ in items] == sorted({number for number, _ in items})


@settings(deadline=None)  # the machine may be busy
@given(data=st.binary(max_size=300))
def test_no_bytes_at_all_raise_anything(data: bytes) -> None:
    if table := table_in(data):
        list(table.rows())


@pytest.mark.parametrize("line", ['""x\n', '"x "y" z\n', ',"a\n', '"a"b",,,\n', '\\"",\n', '"a\n'])
def test_a_file_that_is_all_damage_is_read_to_its_end(line: str) -> None:
    items = rows_in("text,created_at\n" + line * 900)

    assert 300 <= len(items) <= 900


@pytest.mark.long
@pytest.mark.parametrize("opening", ["", '"open,1\n'], ids=["sound", "with an open mark"])
def test_a_file_of_fifty_megabytes_is_read_in_bounded_memory(opening: str) -> None:
    block = b"".join(b"%s ok,2024\n" % (b"word " * 40) for _ in range(300))

    def chunks() -> Iterator[bytes]:
        yield b"text,created_at\n" + opening.encode()
        for _ in range(50_000_000 // len(block)):
            yield block

    tracemalloc.start()
    table = open_table(chunks, is_header)
    assert table is not None
    count = sum(1 for _ in table.rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count >= 200_000
    assert peak < 30 * 1024 * 1024
