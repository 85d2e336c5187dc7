"""Writers of posts in every format that is read, and the one way to read them."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from api.domain.imports import DateOrder
from api.domain.posts import Post, RejectedPost
from api.ports.post_files import PostFile
from api.post_files.opening import DialectPostFiles

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """A writer of one kind of file.

    where names an item as its rejection does; names has the file's own names for fields of row().
    """

    name: str
    kind: str
    file_name: str
    write: Callable[[Sequence[Row]], bytes]
    where: Callable[[int], str]
    names: Mapping[str, str] = field(default_factory=dict)


def opened(data: bytes, file_name: str | None = None, content_type: str | None = None,
           date_order: DateOrder | None = None) -> PostFile:  # fmt: skip
    files = DialectPostFiles(lambda: NOW)
    return files.open(io.BytesIO(data), file_name, content_type, date_order)


def read(data: bytes, file_name: str | None = None) -> list[Post | RejectedPost]:
    return list(opened(data, file_name).posts())


def as_csv(rows: Sequence[Row]) -> bytes:
    names = list(dict.fromkeys(["text", "created_at", *(name for row in rows for name in row)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def as_json_lines(rows: Sequence[Row]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def as_json_array(rows: Sequence[Row]) -> bytes:
    return json.dumps(rows, indent=1).encode()


NAMES_OF_X = {"likes": "favorite_count", "reposts": "retweet_count"}


def in_names_of_x(row: Row) -> Row:
    """Rename the counts of a row, of which X's archive has two; other values stay as they are."""
    if not isinstance(row, dict):
        return row
    return {NAMES_OF_X.get(name, name): value for name, value in row.items()}


def as_script(rows: Sequence[Row]) -> bytes:
    wrapped = [{"tweet": in_names_of_x(row)} for row in rows]
    return b"window.YTD.tweets.part0 = " + json.dumps(wrapped, ensure_ascii=False, indent=2).encode(
        "utf-8", "surrogatepass"
    )


def as_archive(rows: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data/manifest.js", b"window.__THAR_CONFIG = {}")
        packed.writestr("data/tweets.js", as_script(rows))
    return out.getvalue()


def as_wrapped_list(rows: Sequence[Row]) -> bytes:
    return json.dumps({"exported_by": "a tool", "posts": rows}, indent=1).encode()


def as_gzip(rows: Sequence[Row]) -> bytes:
    return gzip.compress(as_json_array(rows), mtime=0)


FORMATS = [
    Format("csv", "csv", "posts.csv", as_csv, lambda n: f"row {n + 1}"),
    Format("json lines", "jsonl", "a.jsonl", as_json_lines, lambda n: f"line {n}"),
    Format("json array", "jsonl", "posts.json", as_json_array, lambda n: f"item {n}"),
    Format("wrapped", "jsonl", "posts.json", as_wrapped_list, lambda n: f"item {n}"),
    Format("script", "archive", "tweets.js", as_script, lambda n: f"item {n}", NAMES_OF_X),
    Format("gzip", "archive", "a.json.gz", as_gzip, lambda n: f"item {n} of a.json"),
    Format(
        "archive", "archive", "x.zip", as_archive, lambda n: f"item {n} of tweets.js", NAMES_OF_X
    ),
]
JSON_FORMATS = FORMATS[1:]

every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
every_json_format = pytest.mark.parametrize("form", JSON_FORMATS, ids=lambda form: form.name)


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    created_at = "2024-05-31T18:20:00Z"
    sound = {"id": str(number), "text": f"post {number}", "created_at": created_at, **changes}
    return {name: value for name, value in sound.items() if value is not None}


def read_rows(form: Format, *rows: Row) -> list[Post | RejectedPost]:
    return read(form.write(rows), form.file_name)


def only_post(form: Format, one: Row) -> Post:
    [item] = read_rows(form, one)
    assert isinstance(item, Post), item
    return item
