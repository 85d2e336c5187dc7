"""Choose the reader for an uploaded file of posts, by its content, name and declared type."""

import codecs
import re
from pathlib import PurePosixPath

from api.intake.post_fields import TEXT_NAMES, TIME_NAMES
from api.ports.clock import Clock
from api.ports.post_files import PostFileReader
from api.post_files.csv_reader import CsvReader
from api.post_files.json_reader import JsonLinesReader
from api.post_files.x_archive import XArchiveReader
from api.post_files.zip_reader import ZIP_SIGNATURES

_OTHER_SIGNATURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc")
_FORMATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "archive": (
        (".zip", ".js"),
        ("application/zip", "application/x-zip-compressed", "application/javascript",
         "text/javascript"),
    ),
    "jsonl": (
        (".jsonl", ".ndjson", ".json"),
        ("application/jsonl", "application/x-jsonlines", "application/x-ndjson",
         "application/ndjson", "application/json"),
    ),
    "csv": ((".csv", ".tsv"), ("text/csv", "application/csv", "text/tab-separated-values")),
}  # fmt: skip
_BY_SUFFIX = {suffix: name for name, (suffixes, _) in _FORMATS.items() for suffix in suffixes}
_BY_TYPE = {type_: name for name, (_, types) in _FORMATS.items() for type_ in types}
_SCRIPT = re.compile(r"(?:window\.|Grailbird\.|\[)")
_CELL = re.compile(r"[,;\t]")


class FormatDetection:
    """Readers of all formats, chosen by the format that is detected; implements PostFileReaders."""

    def __init__(self, clock: Clock) -> None:
        readers = (XArchiveReader(clock), JsonLinesReader(clock), CsvReader(clock))
        self._readers: dict[str, PostFileReader] = {each.format: each for each in readers}

    def reader_for(
        self, head: bytes, file_name: str | None, content_type: str | None
    ) -> PostFileReader | None:
        """Return the reader of a file, or None where its format is not read."""
        return self._readers.get(format_of(head, file_name, content_type) or "")


def format_of(head: bytes, file_name: str | None, content_type: str | None) -> str | None:
    """Return "archive", "jsonl" or "csv", or None where the file is none of them.

    head is how the file begins, some kilobytes of it. What it shows counts before the name, and the
    name before the declared type, which browsers and tools set by guess. A JSON array is an
    "archive": that reader takes the archive's scripts, which are such arrays.
    """
    if head.startswith(ZIP_SIGNATURES):
        return "archive"
    if head.startswith(_OTHER_SIGNATURES):
        return None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = head.decode("utf-16", "replace").lstrip()
    else:
        # Good enough to see names and brackets in, whatever the encoding.
        start = head.removeprefix(codecs.BOM_UTF8).decode("latin-1").lstrip()
    if _SCRIPT.match(start):
        return "archive"
    if start.startswith("{"):
        return "jsonl"
    first_line = next(iter(start.splitlines()), "")
    cells = {cell.strip(' "').lower() for cell in _CELL.split(first_line)}
    if not cells.isdisjoint(TEXT_NAMES) and not cells.isdisjoint(TIME_NAMES):
        return "csv"
    by_name = _BY_SUFFIX.get(PurePosixPath(file_name or "").suffix.lower())
    declared = (content_type or "").partition(";")[0].strip().lower()
    return by_name or _BY_TYPE.get(declared)
