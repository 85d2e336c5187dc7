"""Tell which kind of file of posts an upload is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from api.intake.post_fields import TEXT_NAMES, TIME_NAMES

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How a zip file begins: with a member, empty, or split over several files."""

_OTHER_SIGNATURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc")
_KIND_OF_SUFFIX: Mapping[str, str] = {
    ".zip": "archive",
    ".js": "archive",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
}
_KIND_OF_TYPE: Mapping[str, str] = {
    "application/zip": "archive",
    "application/x-zip-compressed": "archive",
    "application/javascript": "archive",
    "text/javascript": "archive",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/json": "jsonl",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
}
_SCRIPT = re.compile(r"(?:window\.|Grailbird\.|\[)")
_CELL = re.compile(r"[,;\t]")


def kind_of(head: bytes, file_name: str | None, content_type: str | None) -> str | None:
    """Return "archive", "jsonl" or "csv", or None where the file is none of them.

    head is how the file begins, some kilobytes of it. What it shows goes before the name, and the
    name before the declared type, which browsers and tools set by guess. A JSON array is an
    "archive": that reader takes the archive's scripts, which are such arrays.
    """
    if head.startswith(ZIP_SIGNATURES):
        return "archive"
    if head.startswith(_OTHER_SIGNATURES):
        return None
    text = _text_of(head)
    start = text.lstrip()
    if _SCRIPT.match(start):
        return "archive"
    if start.startswith("{"):
        return "jsonl"
    if _has_header(start):
        return "csv"
    by_name = _KIND_OF_SUFFIX.get(PurePosixPath(file_name or "").suffix.lower())
    declared = (content_type or "").partition(";")[0].strip().lower()
    return by_name or _KIND_OF_TYPE.get(declared)


def _text_of(head: bytes) -> str:
    """Return the head as text, good enough to see names and brackets in."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _has_header(text: str) -> bool:
    """Tell whether the first line names a column of texts and one of times."""
    line = next(iter(text.splitlines()), "")
    cells = {cell.strip(' "').lower() for cell in _CELL.split(line)}
    return not cells.isdisjoint(TEXT_NAMES) and not cells.isdisjoint(TIME_NAMES)
