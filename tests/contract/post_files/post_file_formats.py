"""Writers of posts in every format that is read, each paired with its reader."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from api.post_files.csv_reader import CsvReader
from api.post_files.json_reader import JsonLinesReader
from api.post_files.x_archive import XArchiveReader

from api.domain.posts import Post, RejectedPost
from api.ports.post_files import PostFileReader

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

Row = Mapping[str, Any]


def clock() -> datetime:
    return NOW


@dataclass(frozen=True)
class Format:
    """A reader with a writer of its format; where names an item as its rejection does."""

    name: str
    file_name: str
    reader: PostFileReader
    write: Callable[[Sequence[Row]], bytes]
    where: Callable[[int], str]


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


def as_script(rows: Sequence[Row]) -> bytes:
    wrapped = [{"tweet": row} for row in rows]
    return b"window.YTD.tweets.part0 = " + json.dumps(wrapped, ensure_ascii=False, indent=2).encode(
        "utf-8", "surrogatepass"
    )


def as_archive(rows: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data/manifest.js", b"window.__THAR_CONFIG = {}")
        packed.writestr("data/tweets.js", as_script(rows))
    return out.getvalue()


X_ARCHIVE = XArchiveReader(clock)
FORMATS = [
    Format("csv", "posts.csv", CsvReader(clock), as_csv, lambda n: f"row {n + 1}"),
    Format("json lines", "a.jsonl", JsonLinesReader(clock), as_json_lines, lambda n: f"line {n}"),
    Format("json array", "posts.json", X_ARCHIVE, as_json_array, lambda n: f"item {n}"),
    Format("script", "tweets.js", X_ARCHIVE, as_script, lambda n: f"item {n}"),
    Format("archive", "x.zip", X_ARCHIVE, as_archive, lambda n: f"item {n} of tweets.js"),
]
JSON_FORMATS = FORMATS[1:]

every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
every_json_format = pytest.mark.parametrize("form", JSON_FORMATS, ids=lambda form: form.name)


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    created_at = "2024-05-31T18:20:00Z"
    sound = {"id": str(number), "text": f"post {number}", "created_at": created_at, **changes}
    return {name: value for name, value in sound.items() if value is not None}


def read(form: Format, data: bytes) -> list[Post | RejectedPost]:
    return list(form.reader.read(io.BytesIO(data)))


def read_rows(form: Format, *rows: Row) -> list[Post | RejectedPost]:
    return read(form, form.write(rows))


def only_post(form: Format, one: Row) -> Post:
    [item] = read_rows(form, one)
    assert isinstance(item, Post), item
    return item
