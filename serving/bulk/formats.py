"""Which reader and writer a file gets, by the ending of its name."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Protocol

from serving.bulk.csv_files import CsvReader, CsvWriter
from serving.bulk.errors import UnusableError
from serving.bulk.json_lines import JsonLinesReader, JsonLinesWriter
from serving.bulk.lines import PACKED, check_unpacked
from serving.bulk.rows import Layout, Reader, ScoredWindow

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".parquet": "parquet",
}


class Writer(Protocol):
    """Turns scored windows into the bytes of an unfinished output, and that into the output."""

    def beginning(self) -> bytes:
        """Return what comes before the first row."""
        ...

    def encode(self, scored: ScoredWindow) -> bytes:
        """Return the rows of a window."""
        ...

    def finish(self, partial: Path, whole: Path) -> None:
        """Make the output of an unfinished one that has all rows; may be repeated if cut off."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person may choose about the columns and the form of the files."""

    text_column: str | None = None
    keep: tuple[str, ...] = ()
    prefix: str = ""
    encoding: str = "utf-8"
    delimiter: str | None = None


def open_files(source: Path, target: Path, wishes: Wishes) -> tuple[Reader, Writer]:
    """Return the reader of `source` and the writer of `target`.

    Raises UnusableError when the formats or the columns do not fit, or there is no such file.
    """
    check_unpacked(source)
    if target.suffix.lower() in PACKED:
        raise UnusableError(
            f"OUT is written unpacked: name it {target.with_suffix('')}, and pack it when it is"
            " whole"
        )
    from_, to = _format(source), _format(target)
    if not source.is_file():
        raise UnusableError(f"{source} is no file: IN must name a file that can be read")
    if from_ == "csv":
        table = CsvReader.open(source, wishes.text_column, wishes.encoding, wishes.delimiter)
        layout = _layout(table.columns, wishes)
        layout.check(layout.kept)
        return table, _writer(to, target, layout, dict.fromkeys(layout.kept, "str"), wishes)
    if from_ == "json lines":
        whole = to != "json lines"
        lines = JsonLinesReader.open(source, wishes.text_column, wishes.encoding, whole=whole)
        spliced = not (whole or wishes.keep)
        layout = _layout(lines.columns, wishes)
        layout.check(layout.kept)
        if spliced:
            lines = replace(lines, reserved=frozenset(layout.results))
        return lines, _writer(to, target, layout, lines.kinds, wishes, spliced=spliced)
    parquet = _parquet()
    columns = parquet.ParquetReader.open(source, wishes.text_column)
    layout = _layout(columns.columns, wishes)
    layout.check(layout.kept)
    needed = tuple(dict.fromkeys((*layout.kept, columns.text_column)))
    columns = replace(columns, needed=needed, divided=to != "parquet")
    if to == "parquet":
        kept = columns.fields(layout.kept)
        return columns, parquet.ParquetWriter(layout, kept, batches=True)
    return columns, _writer(to, target, layout, {}, wishes)


def _format(path: Path) -> str:
    name = ENDINGS.get(path.suffix.lower())
    if name is None:
        raise UnusableError(
            f"{path} has none of the endings by which formats are told: {', '.join(ENDINGS)}"
        )
    return name


def _layout(columns: Sequence[str], wishes: Wishes) -> Layout:
    if unknown := [name for name in wishes.keep if name not in columns]:
        listed = ", ".join(columns[:100])
        raise UnusableError(f"--keep {unknown[0]}: there is no such column; there are: {listed}")
    return Layout(tuple(dict.fromkeys(wishes.keep)) or tuple(columns), wishes.prefix)


def _writer(
    format_: str,
    target: Path,
    layout: Layout,
    kinds: Mapping[str, str],
    wishes: Wishes,
    *,
    spliced: bool = False,
) -> Writer:
    if format_ == "csv":
        tab = target.suffix.lower() == ".tsv"
        return CsvWriter(layout, "\t" if tab else wishes.delimiter or ",")
    if format_ == "json lines":
        return JsonLinesWriter(layout, spliced=spliced)
    parquet = _parquet()
    fields = parquet.fields_of(kinds, layout.kept)
    writer: Writer = parquet.ParquetWriter(layout, fields, batches=False)
    return writer


def _parquet() -> ModuleType:
    """Import what reads and writes Parquet, which needs an extra."""
    try:
        return importlib.import_module("serving.bulk.parquet_files")
    except ModuleNotFoundError as error:
        raise UnusableError(
            f"Parquet needs the package {error.name}: pip install 'moodline[serving,bulk]'"
        ) from error
