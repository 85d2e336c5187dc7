"""The user data export as a download: JSON, or the posts as CSV, written piece by piece.

The text of the answer is never in memory as a whole.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, json

from api.domain.post_ids import post_url
from api.domain.posts import EMOTIONS, ENGAGEMENT
from api.domain.spreadsheets import defused
from api.routes import openapi_examples as examples

_BATCH = 500
_BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    *("post_id", "created_at", "ownership", "text", "url", "emotion", "correction"),
    *(*EMOTIONS, "irony", *ENGAGEMENT),
)
"""The header of the CSV."""

EXPORT_CONTENT: dict[str, Any] = {
    "application/json": {
        "schema": {"$ref": "#/components/schemas/ExportDocument"},
        "example": examples.EXPORT,
    },
    "text/csv": {"schema": {"type": "string"}, "example": examples.EXPORT_CSV},
}
"""What the export answers, for the OpenAPI document."""


def download(file_name: str, content_type: str, pieces: Iterable[str]) -> Response:
    """Return an answer that a browser saves as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(pieces, content_type=content_type, headers=headers)


def json_export(export: Mapping[str, Any]) -> Iterator[str]:
    """Yield the text of an export as a JSON object, lists in pieces."""
    before = "{"
    for name, value in export.items():
        yield f"{before}{_json(name)}: "
        before = ", "
        if isinstance(value, list):
            yield from _json_list(value)
        else:
            yield _json(value)
    yield "}\n"


def csv_export(export: Mapping[str, Any]) -> Iterator[str]:
    """Yield the posts of an export as CSV: a byte order mark, the header, and a row per post."""
    yield _BYTE_ORDER_MARK + _csv([COLUMNS])
    for posts in _batches(export["posts"]):
        yield _csv(map(_row, posts))


def _row(post: Mapping[str, Any]) -> Sequence[object]:
    found = post["classification"]
    emotion = post["correction"] or (found and found["label"])
    url = post_url(post["post_id"], datetime.fromisoformat(post["created_at"]))
    scores = [found["scores"][name] for name in EMOTIONS] if found else [None] * len(EMOTIONS)
    return (
        defused(post["post_id"]),
        post["created_at"],
        post["ownership"],
        defused(post["text"]),
        url and defused(url),
        emotion,
        post["correction"],
        *scores,
        found and found["irony"],
        *(post["engagement"][name] for name in ENGAGEMENT),
    )


def _csv(rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _json_list(values: list[Any]) -> Iterator[str]:
    before = "["
    for some in _batches(values):
        yield before + ", ".join(map(_json, some))
        before = ", "
    yield "[]" if not values else "]"


def _batches(values: list[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(values), _BATCH):
        yield values[at : at + _BATCH]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
