"""Open one file, alone or out of an archive, as records of a dialect."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from api.domain.spreadsheets import undefused
from api.errors import UnreadableFileError, UnsupportedMediaError
from api.intake.field_names import MAX_FIELDS, PLAIN, Plan, Plans, normal, value_at
from api.post_files.bluesky_repository import CAR_HEAD, repository_records
from api.post_files.csv_table import open_table
from api.post_files.dialect_files import (
    DialectFile,
    dialect_files,
    dialect_of_columns,
    dialect_of_items,
    named,
)
from api.post_files.encodings import TextEncoding, decoded, encoding_of, undo_double_encoding
from api.post_files.json_items import DamagedItem, JsonItem, json_items

SAMPLED_ITEMS = 50
"""How many items of each list of a JSON file are looked at to recognise it."""

SAMPLED_ITEMS_AT_MOST = 5_000
"""How far into a JSON file posts are sought among other lists, such as that of their authors."""

_EMPTY = "The file is empty: no line in it holds anything."
_HEAD_BYTES = 64 * 1024
_SHOWN = 200
_SHAPES_KEPT = 512
_MAX_SHAPE_CHARACTERS = 8 * 1024
_KINDS_OF_FILES = {
    b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"Rar!": "a RAR archive", b"7z\xbc": "a 7z archive", b"SQLite format 3": "a database",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file", b"PAR1": "a Parquet file",
    b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive",
}  # fmt: skip
_UNPACKED_FIRST = frozenset({"a RAR archive", "a 7z archive", "a bzip2 archive", "an xz archive"})
_SCRIPT = re.compile(
    r"\s*(?:window\.YTD\.(?P<what>[A-Za-z_]{1,60})\.part[0-9]{1,6}|Grailbird\.data\.tweets_[0-9_]{1,20})"
    r"\s*=\s*"
)
# A "[" before anything else begins a line of a chat or of a program's log.
_JSON = re.compile(r"\s*(?:\{|\[\s*(?:[\[\]{\"]|$))")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype html|html|head|body)", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml|\s*<[A-Za-z]+[ >]")

Record = tuple[str, Mapping[str, object] | str]
"""Where a record is, for people, and its fields, or the reason why it has none."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file, the upload itself or one of an archive; chunks gives its bytes, each time anew."""

    name: str
    chunks: Callable[[], Iterator[bytes]]
    in_archive: bool = False

    def where(self, place: str) -> str:
        """Return a place in the file as messages name it."""
        return f"{place} of {self.name}" if self.in_archive else place


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one file.

    format is the kind of file, columns those of a CSV file (None elsewhere), originals the whole
    texts by id of posts that stand beside the records.
    """

    part: Part
    format: str
    dialect: DialectFile
    encoding: str
    columns: tuple[str, ...] | None
    each: Callable[[], Iterator[Record]]
    originals: Callable[[], Iterator[tuple[str, str]]] = lambda: iter(())
    repair: Callable[[str], str] | None = None
    notes: tuple[str, ...] = ()


def open_records(part: Part, *, of_long_posts: bool = False) -> Records:
    """Recognise a file and return its records; those of note-tweet.js only where asked for.

    Raises UnsupportedMediaError where it is of a kind that is not read, UnreadableFileError where
    it is empty or damaged, or holds no posts; both say what it is and what to do.
    """
    head = next(_of_size(part.chunks(), _HEAD_BYTES), b"")
    if not head.strip(b"\x00 \t\r\n"):
        raise UnreadableFileError(_EMPTY)
    for signature, kind in _KINDS_OF_FILES.items():
        if head.startswith(signature):
            what = (
                "unpack it and send the file with your posts"
                if kind in _UNPACKED_FIRST
                else ("export your posts as JSON or CSV")
            )
            raise UnsupportedMediaError(f"This is {kind}: {what}.")
    if CAR_HEAD.match(head):
        return _open_repository(part)
    encoding = encoding_of(part.chunks())
    start = next(decoded([head], encoding), "").lstrip("\ufeff")
    if not start.strip():
        raise UnreadableFileError(_EMPTY)
    if _WEB_PAGE.match(start):
        raise UnsupportedMediaError(
            "This is a web page (HTML). Ask for the export in the JSON format, or as CSV."
        )
    if script := _SCRIPT.match(start):
        return _open_script(part, encoding, script, of_long_posts)
    if _JSON.match(start):
        return _open_json(part, encoding, None, 0)
    return _open_csv(part, encoding, start)


def _of_size(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the first piece, of at least this size where there is as much."""
    pieces: list[bytes] = []
    for chunk in chunks:
        pieces.append(chunk)
        if sum(map(len, pieces)) >= size:
            break
    yield b"".join(pieces)[:size]


def _open_repository(part: Part) -> Records:
    dialect = named("bluesky_repository")
    counts, each = repository_records(part.chunks)
    notes = [f"{count} records of {kind} hold no words of yours" for kind, count in counts.items()]
    return Records(part, "car", dialect, "utf-8", None, each, notes=tuple(notes))


# CSV


def _open_csv(part: Part, encoding: TextEncoding, start: str) -> Records:
    table = open_table(part.chunks, _is_header, encoding)
    if table is None:
        raise _no_header(part, start)
    dialect = dialect_of_columns(table.columns) or named("plain_csv")
    _refuse(dialect)

    def each() -> Iterator[Record]:
        for number, cells in table.rows():
            where = part.where(f"row {number}")
            if dialect.defused and not isinstance(cells, str):
                cells = list(map(undefused, cells))
            yield where, cells if isinstance(cells, str) else _by_column(table.columns, cells)

    return Records(part, "csv", dialect, str(table.encoding), table.columns, each)


def _is_header(cells: Any) -> bool:
    if len(cells) > MAX_FIELDS:
        return False
    return dialect_of_columns(cells) is not None or _has_text_and_time(PLAIN.plan(cells))


def _has_text_and_time(plan: Plan) -> bool:
    return "text" in plan and not plan.keys().isdisjoint(("time", "date", "id", "url"))


def _no_header(part: Part, start: str) -> Exception:
    first_line = next((line for line in start.splitlines() if line.strip()), "")
    shown = first_line.strip()[:_SHOWN].encode("ascii", "replace").decode("ascii")
    cells = re.split(r"[,;\t|]", first_line)
    plan = PLAIN.plan([cell.strip(' "') for cell in cells])
    if _XML.match(start) or ("text" not in plan and "time" not in plan and not _is_table(part)):
        return UnsupportedMediaError(
            "The file is none that is read here. Send an X archive (the zip, or its tweets.js),"
            " JSON lines or CSV with a header line; /v1/import-formats lists all that can be read."
        )
    if "text" in plan:
        return UnreadableFileError(
            "The file has a column with the text of posts, but none with their time or id. A mood"
            f" is weighed by time: add a column `created_at`. The columns are: {shown}"
        )
    return UnreadableFileError(
        "The first line must name the columns, among them `text` and `created_at`, for example"
        f" `created_at,text,url,likes`. It is: {shown}"
    )


def _is_table(part: Part) -> bool:
    return part.name.lower().endswith((".csv", ".tsv", ".txt"))


def _by_column(columns: tuple[str, ...], cells: list[str]) -> dict[str, object]:
    """Pair columns and cells; of two columns with one name the first that is filled counts."""
    fields: dict[str, object] = dict(zip(columns, cells, strict=False))
    if len(fields) < len(columns):
        fields = {}
        for name, cell in zip(columns, cells, strict=False):
            if not fields.get(name):
                fields[name] = cell
    return fields


# JSON and the scripts of an X archive


def _open_script(
    part: Part, encoding: TextEncoding, script: re.Match[str], of_long_posts: bool
) -> Records:
    what = script["what"] or "tweets"
    known = any(what in sign.names for sign in named("x_archive").signs)
    if not known and not (of_long_posts and what == "note_tweet"):
        raise UnreadableFileError(_refused_script(what))
    return _open_json(part, encoding, what, script.end())


def _open_json(part: Part, encoding: TextEncoding, script: str | None, start: int) -> Records:
    def items() -> Iterator[JsonItem | DamagedItem]:
        texts = decoded(part.chunks(), encoding)
        if start:
            texts = _without_beginning(texts, start)
        return json_items(texts, encoding.misreadings, _RecordShapes(), _is_whole_post)

    dialect, paths = (named("x_archive"), frozenset({""})) if script else _recognised(items())
    _refuse(dialect)
    inside = dialect.inside

    def each() -> Iterator[Record]:
        for item in items():
            where = part.where(item.where)
            if isinstance(item, DamagedItem):
                yield where, item.reason
            elif not isinstance(item.value, dict):
                yield where, "it is JSON, but not an object with a post's fields"
            elif dialect.has_items_at(item.path) and (
                dialect.paths or item.path in paths or _is_post(item.value)
            ):
                inner = item.value.get(inside) if inside else None
                yield where, inner if isinstance(inner, dict) else item.value

    def originals() -> Iterator[tuple[str, str]]:
        for item in items():
            if isinstance(item, JsonItem) and normal(item.path) == normal(dialect.originals or ""):
                plan = _plan_of(item.value) if isinstance(item.value, dict) else {}
                found = [_value(item.value, plan, field) for field in ("id", "text")]
                if isinstance(found[0], str | int) and isinstance(found[1], str):
                    yield str(found[0]), found[1]

    return Records(
        part, "archive" if script else "jsonl", dialect, str(encoding), None, each,
        originals if dialect.originals else lambda: iter(()), undo_double_encoding,
    )  # fmt: skip


def _recognised(items: Iterator[JsonItem | DamagedItem]) -> tuple[DialectFile, frozenset[str]]:
    """Return the dialect of a JSON file, and the paths at which its items are posts."""
    sample: dict[str, list[Mapping[str, Any]]] = {}
    paths = {""}
    for item in islice(items, SAMPLED_ITEMS_AT_MOST):
        if isinstance(item, JsonItem) and isinstance(item.value, dict):
            seen = sample.setdefault(item.path, [])
            seen.append(item.value)
            if _is_post(item.value):
                paths.add(item.path)
            if len(seen) >= SAMPLED_ITEMS and item.path in paths:
                break
            del seen[SAMPLED_ITEMS:]
    values = [(path, value) for path, values in sample.items() for value in values]
    found = dialect_of_items(values)
    if found is None and values and not any(_is_like_post(value) for _, value in values):
        keys = ", ".join(list(dict.fromkeys(key for _, value in values for key in value))[:12])
        raise UnreadableFileError(
            "The file is JSON, but its items have no text and time of a post under any name that is"
            f" known; /v1/import-formats lists them. They have: {_ascii(keys)}"
        )
    return found or named("plain_json"), frozenset(paths)


def _is_post(value: Mapping[str, Any]) -> bool:
    return _has_text_and_time(_plan_of(value))


def _is_like_post(value: Mapping[str, Any]) -> bool:
    return not _plan_of(value).keys().isdisjoint(("text", "time"))


def _without_beginning(texts: Iterator[str], characters: int) -> Iterator[str]:
    head = ""
    for text in texts:
        head += text
        if len(head) > characters + 1:
            break
    return chain([head.lstrip("\ufeff")[characters:]], texts)


_PLANS = Plans(PLAIN)


def _plan_of(value: Mapping[str, Any]) -> Plan:
    return _PLANS.of(value) if len(value) <= MAX_FIELDS else {}


def _value(record: Mapping[str, object], plan: Plan, field: str) -> object:
    return next((value_at(record, join[0]) for join in plan.get(field, ())), None)


class _RecordShapes:
    """Whether an object is a post itself, not a page of posts; called with each object of a file.

    Objects with the same keys and types of values are alike, so that few are looked at closely.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], tuple[type, ...]], bool] = {}

    def __call__(self, value: dict[str, Any]) -> bool:
        """Return whether the object is a post."""
        shape = tuple(value), tuple(map(type, value.values()))
        found = self._known.get(shape)
        if found is None:
            found = _is_record(value)
            if sum(map(len, value)) <= _MAX_SHAPE_CHARACTERS:
                if len(self._known) >= _SHAPES_KEPT:
                    self._known.clear()
                self._known[shape] = found
        return found


def _is_record(value: dict[str, Any]) -> bool:
    return isinstance(_value(value, _plan_of(value), "text"), str) or _shows_dialect(value, "")


def _is_whole_post(value: Any) -> bool:
    """Return whether an object has all that a post needs, or is one that a dialect knows."""
    return isinstance(value, dict) and (_is_post(value) or _shows_dialect(value, None))


def _shows_dialect(value: dict[str, Any], path: str | None) -> bool:
    """Return whether an object shows a sign of a dialect at a path, or at any (None)."""
    return any(
        sign.is_in_item(value, (sign.path or "") if path is None else path)
        for dialect in dialect_files()
        for sign in dialect.signs
        if sign.kind == "json"
    )


# Refusals


def _refuse(dialect: DialectFile) -> None:
    if dialect.refused:
        raise UnreadableFileError(f"This is {dialect.title}. {dialect.refused}")


def _refused_script(script: str) -> str:
    return named("x_archive").refusal_of_script(script) or (
        f"This is the {script[:40]} script of an X archive, which holds no posts. Send tweets.js,"
        " or the whole zip."
    )


def _ascii(text: str) -> str:
    return text[:_SHOWN].encode("ascii", "replace").decode("ascii")
