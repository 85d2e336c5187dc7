"""Files of every dialect with what must be read from them: the cases of tests/contract/post_files.

A case is a file `cases/DIALECT[-VARIANT].EXT` beside `NAME.expected.json`. A folder of such a name
is packed first: to a zip, a tar.gz, or a Bluesky repository whose records lie in it as JSON.
"""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from os.path import commonprefix
from pathlib import Path
from typing import Any

import libipld

from api.domain.imports import DateOrder
from api.domain.posts import Engagement, Ownership, Post
from api.errors import InvalidRequestError, UnsupportedMediaError
from api.post_files.opening import DialectPostFiles

FOLDER = Path(__file__).parents[1] / "contract" / "post_files" / "cases"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = DialectPostFiles(lambda: NOW)

_EXPECTED = ".expected.json"
_NO_ENGAGEMENT = Engagement()
_RECORDS_PER_NODE = 40


@dataclass(frozen=True)
class Case:
    """A file of a dialect, and what must be read from it."""

    path: Path

    @property
    def dialect(self) -> str:
        """Name of the dialect."""
        return self.path.name.partition(".")[0].partition("-")[0]

    @property
    def expected(self) -> Any:
        """What `understood` must say of the file; null where nobody has written it yet."""
        path = self.path.with_name(self.path.name + _EXPECTED)
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def content(self) -> bytes:
        """Return the bytes of the file, packed where it is a folder."""
        if self.path.is_file():
            return self.path.read_bytes()
        members = {
            member.relative_to(self.path).as_posix(): member.read_bytes()
            for member in sorted(self.path.rglob("*"))
            if member.is_file()
        }
        if self.path.suffix == ".car":
            records = {name.removesuffix(".json"): json.loads(members[name]) for name in members}
            return bluesky_repository(records)
        return tar_of(members) if self.path.suffix == ".gz" else zip_of(members)


def cases() -> list[Case]:
    """Return every case, in the order of their names."""
    paths = (path for path in FOLDER.iterdir() if not path.name.endswith(_EXPECTED))
    return [Case(path) for path in sorted(paths)]


def understood(content: bytes, file_name: str, order: DateOrder | None = None) -> dict[str, Any]:
    """Return all that is read from a file, in the form of a case's expectation."""
    try:
        opened = FILES.open(io.BytesIO(content), file_name, None, order)
        found = list(opened.posts())
    except (InvalidRequestError, UnsupportedMediaError) as error:
        return {"refused": error.detail}
    result: dict[str, Any] = {"dialect": opened.dialect.name, "format": opened.format}
    if opened.date_order:
        result["date_order"] = opened.date_order
    return result | {
        "posts": [as_json(each) for each in found if isinstance(each, Post)],
        "not_posts": [
            f"{each.where}: {each.reason} ({each.kind})"
            for each in found
            if not isinstance(each, Post)
        ],
        "unused_columns": list(opened.unused_columns),
        "notes": list(opened.notes),
    }


def as_json(post: Post) -> dict[str, Any]:
    """Return a post without what it has not."""
    counts = {name: n for name, n in asdict(post.engagement).items() if n}
    fields: dict[str, Any] = {
        "id": post.post_id,
        "text": post.text,
        "time": post.created_at.isoformat(),
        "ownership": None if post.ownership is Ownership.OWN else str(post.ownership),
        "engagement": counts if post.engagement != _NO_ENGAGEMENT else None,
        "language": post.language,
        "hashtags": list(post.hashtags),
        "earlier_ids": list(post.earlier_ids),
        "own_word": post.own_word,
    }
    return {name: value for name, value in fields.items() if value}


# Packing


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """Return a zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """Return a tar.gz file of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return out.getvalue()


def bluesky_repository(records: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the CAR file of records by path ("app.bsky.feed.post/3k2a").

    The nodes of the tree hold some records each; that they refer to one another is left out.
    """
    paths = sorted(records)
    blocks: list[bytes] = []
    for start in range(0, max(len(paths), 1), _RECORDS_PER_NODE):
        here = paths[start : start + _RECORDS_PER_NODE]
        encoded = [libipld.encode_dag_cbor(dict(records[path])) for path in here]
        entries: list[dict[str, Any]] = []
        before = b""
        for path, block in zip(here, encoded, strict=True):
            key = path.encode()
            shared = len(commonprefix([key, before]))  # noqa: RUF071  bytes, not paths of files
            entries.append({"p": shared, "k": key[shared:], "v": _content_id(block), "t": None})
            before = key
        blocks += [libipld.encode_dag_cbor({"l": None, "e": entries}), *encoded]
    return car_of(blocks)


def car_of(blocks: Sequence[bytes]) -> bytes:
    """Return the CAR file of these blocks, which may hold anything."""
    root = _content_id(blocks[0] if blocks else b"")
    header = libipld.encode_dag_cbor({"roots": [root], "version": 1})
    out = [_varint(len(header)), header]
    for block in blocks:
        content_id = _content_id(block)
        out += [_varint(len(content_id) + len(block)), content_id, block]
    return b"".join(out)


def _content_id(block: bytes) -> bytes:
    # CID of version 1: DAG-CBOR, SHA-256.
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
