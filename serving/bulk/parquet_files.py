"""Parquet files, by pyarrow: rows read a piece of a row group at a time, and tables written.

A Parquet file has its index at its end, so that one that is not finished cannot be read. Until all
rows are there, the unfinished output is a stream of Arrow record batches, to which one can append.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serving.bulk.errors import StorageError, UnusableError
from serving.bulk.rows import (
    NO_TEXT,
    RESULTS,
    WINDOW_BYTES,
    WINDOW_ROWS,
    Layout,
    Row,
    ScoredWindow,
    Window,
    find_text_column,
    result_values,
)
from serving.bulk.values import as_json

READ_AT_ONCE = 1 << 20
GROUP_ROWS = 131_072
"""Rows of a row group that is written: enough for columns to compress well."""

GROUP_BYTES = 64 * 1024 * 1024

_KINDS = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
_TEXT_KINDS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_RESULTS = {"label": pa.string(), "tokens": pa.int32(), "truncated": pa.bool_()}
_RESULTS |= {"error": pa.string(), "bad_row": pa.string()}


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads the columns that are needed of a Parquet file; rows have `values` if `divided`."""

    path: Path
    columns: tuple[str, ...]
    text_column: str
    size: int
    needed: tuple[str, ...] = ()
    divided: bool = False
    window_rows: int = WINDOW_ROWS

    @classmethod
    def open(cls, path: Path, text_column: str | None = None) -> "ParquetReader":
        """Read the file's index; UnusableError when it has none, or no column for the texts."""
        try:
            with pq.ParquetFile(path) as file:
                schema, rows = file.schema_arrow, file.metadata.num_rows
        except pa.ArrowInvalid as error:
            raise UnusableError(f"{path} is not a whole Parquet file: {_line(error)}") from error
        columns = tuple(schema.names)
        if len(set(columns)) < len(columns):
            raise UnusableError(f"{path} has two columns of one name: rename one")
        text_column = find_text_column(columns, text_column, str(path))
        type_ = _plain_type(schema.field(text_column).type)
        if not (_is_text(type_) or pa.types.is_null(type_)):
            raise UnusableError(
                f"the column {text_column!r} of {path} holds {type_}, no texts: name another with"
                f" --text-column; the columns are: {', '.join(columns[:100])}"
            )
        return cls(path, columns, text_column, rows, columns)

    def fields(self, names: Sequence[str]) -> list[pa.Field]:
        """Return columns with their types, for the writer."""
        with pq.ParquetFile(self.path) as file:
            schema = file.schema_arrow
        fields = [schema.field(name) for name in names]
        return [pa.field(one.name, _plain_type(one.type), one.nullable) for one in fields]

    def windows(self, start: int) -> Iterator[Window]:
        """Yield the rows from number `start` on."""
        try:
            with pq.ParquetFile(self.path, buffer_size=READ_AT_ONCE) as file:
                for batch in self._batches(file, start):
                    start += len(batch)
                    yield Window(self._rows(batch), start, batch)
        except pa.ArrowException as error:
            raise StorageError(
                f"{self.path} cannot be read after row {start}: {_line(error)}"
            ) from error

    def _batches(self, file: pq.ParquetFile, start: int) -> Iterator[pa.RecordBatch]:
        sizes = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        largest = max((one.total_byte_size // max(1, one.num_rows) for one in sizes), default=1)
        rows_at_once = max(1, min(self.window_rows, WINDOW_BYTES // max(1, largest)))
        first = 0
        while first < len(sizes) and sizes[first].num_rows <= start:
            start -= sizes[first].num_rows
            first += 1
        for batch in file.iter_batches(
            rows_at_once,
            row_groups=list(range(first, len(sizes))),
            columns=list(self.needed),
            use_threads=False,
        ):
            skipped = min(start, len(batch))
            start -= skipped
            if skipped < len(batch):
                yield _plain_batch(batch.slice(skipped))

    def _rows(self, batch: pa.RecordBatch) -> list[Row]:
        texts = _bytes(batch.column(self.text_column))
        values: Sequence[Mapping[str, Any]] = [{}] * len(batch)
        if self.divided:
            columns = [_python_values(column) for column in batch.columns]
            names = batch.schema.names
            values = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return [_row(text, row) for text, row in zip(texts, values, strict=True)]


def _row(data: bytes | None, values: Mapping[str, Any]) -> Row:
    if data is None:
        return Row(None, NO_TEXT, values)
    try:
        return Row(data.decode(), None, values)
    except UnicodeDecodeError:
        return Row(None, "the text has bytes that are not utf-8", values)


def _is_text(type_: pa.DataType) -> bool:
    return any(is_kind(type_) for is_kind in _TEXT_KINDS)


def _plain_type(type_: pa.DataType) -> pa.DataType:
    """Return the type without a dictionary, whose values a stream would hold apart from it."""
    if pa.types.is_dictionary(type_):
        return type_.value_type
    if "dictionary<" in str(type_):
        raise UnusableError(
            f"a column holds {type_}, whose dictionary cannot be written row by row: name the"
            " columns to keep with --keep"
        )
    return type_


def _plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [column.cast(_plain_type(column.type)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _bytes(column: pa.Array) -> list[bytes | None]:
    """Return texts as bytes: Arrow does not check that strings are UTF-8."""
    if pa.types.is_null(column.type):
        return [None] * len(column)
    values: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return values


def _python_values(column: pa.Array) -> list[Any]:
    """Return values that CSV and JSON can hold; dates and decimals as their texts."""
    type_ = column.type
    if _is_text(type_):
        return [
            None if data is None else data.decode("utf-8", "backslashreplace")
            for data in _bytes(column)
        ]
    if pa.types.is_decimal(type_) or (pa.types.is_temporal(type_) and not _is_span(type_)):
        texts: list[Any] = column.cast(pa.string()).to_pylist()
        return texts
    if pa.types.is_duration(type_):
        column = column.cast(pa.int64())
    values: list[Any] = column.to_pylist()
    return values


def _is_span(type_: pa.DataType) -> bool:
    return bool(pa.types.is_duration(type_) or pa.types.is_interval(type_))


class ParquetWriter:
    """Writes rows as Parquet, by way of a stream of Arrow record batches."""

    def __init__(self, layout: Layout, kept: Sequence[pa.Field], *, batches: bool) -> None:
        """Write the columns of `layout`; `batches` where the input's rows are batches already."""
        self._layout = layout
        self._kept = list(kept)
        self._batches = batches
        names = zip(layout.results, RESULTS, strict=True)
        results = [pa.field(name, _RESULTS.get(result, pa.float64())) for name, result in names]
        self._schema = pa.schema([*self._kept, *results])

    def beginning(self) -> bytes:
        """Return the schema as a stream begins with it."""
        return bytes(self._schema.serialize())

    def encode(self, scored: ScoredWindow) -> bytes:
        """Return the rows of a window as a record batch of a stream."""
        window, outcomes = scored
        rows = [
            result_values(row, outcome) for row, outcome in zip(window.rows, outcomes, strict=True)
        ]
        results = zip(*rows, strict=True)
        types = self._schema.types[len(self._kept) :]
        columns = [
            *(self._column(window, field) for field in self._kept),
            *(
                pa.array(map(_utf8, values), type_)
                for values, type_ in zip(results, types, strict=True)
            ),
        ]
        return bytes(pa.RecordBatch.from_arrays(columns, schema=self._schema).serialize())

    def finish(self, partial: Path, whole: Path) -> None:
        """Write the stream as a Parquet file, in row groups of a good size, and name it."""
        joined = whole.with_name(f"{whole.name}.joined")
        try:
            self._join(partial, joined)
        except BaseException:
            joined.unlink(missing_ok=True)  # above all where the disk is full
            raise
        joined.rename(whole)
        partial.unlink()

    def _join(self, partial: Path, joined: Path) -> None:
        with (
            pa.OSFile(str(partial)) as stream,
            pa.ipc.open_stream(stream) as batches,
            pq.ParquetWriter(joined, self._schema, compression="zstd") as writer,
        ):
            group: list[pa.RecordBatch] = []
            for batch in batches:
                group.append(batch)
                rows, size = sum(map(len, group)), sum(one.nbytes for one in group)
                if rows >= GROUP_ROWS or size >= GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(group))
                    group = []
            if group:
                writer.write_table(pa.Table.from_batches(group))

    def _column(self, window: Window, field: pa.Field) -> pa.Array:
        if self._batches:
            return window.batch.column(field.name)
        values = [row.values.get(field.name) for row in window.rows]
        if field.type == pa.string():
            values = [one if one is None else _utf8(_text(one)) for one in values]
        return pa.array(values, field.type)


def fields_of(kinds: Mapping[str, str], names: Sequence[str]) -> list[pa.Field]:
    """Return columns for values of these kinds; those of no type of their own hold JSON."""
    return [pa.field(name, _KINDS.get(kinds.get(name, "str"), pa.string())) for name in names]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def _utf8(value: Any) -> Any:
    """Return a text without the lone surrogates that JSON may hold, which Arrow refuses."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
