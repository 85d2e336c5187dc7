"""Read the posts of a Bluesky repository: the CAR file with everything that an account wrote.

A CAR file is a header and blocks, each with its length and content id; see
https://ipld.io/specs/transport/car/carv1/. Blocks are DAG-CBOR: records, and the nodes of the tree
that gives each record its key, see https://atproto.com/specs/repository.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import libipld

from api.errors import UnreadableFileError

CAR_HEAD = re.compile(rb"[\x00-\xff]{1,3}\xa2eroots.{1,200}gversion", re.DOTALL)
"""How a CAR file begins."""

_POST = "app.bsky.feed.post"
_OTHERS = {
    "app.bsky.feed.repost": "reposts",
    "app.bsky.feed.like": "likes",
    "app.bsky.graph.follow": "follows",
}
_MAX_BLOCK_BYTES = 2 * 1024 * 1024
_CID_BYTES = 36
_MAX_KEY_BYTES = 1024
_MAX_KEYS = 2_000_000
_MAX_KEY_CHARACTERS = 100_000_000
"""Of all keys together: one that shares its beginning with the key before is short in the file."""


def repository_records(
    chunks: Callable[[], Iterator[bytes]],
) -> tuple[Mapping[str, int], Callable[[], Iterator[tuple[str, Mapping[str, object] | str]]]]:
    """Return how many records of other kinds there are, and a function that yields the posts.

    A post's fields are those of its record, and `rkey`, its key. Raises UnreadableFileError where
    the file is damaged.
    """
    keys: dict[bytes, str] = {}
    others: Counter[str] = Counter()
    characters = 0
    for _, block in _blocks(chunks()):
        if isinstance(block, dict):
            kind = _OTHERS.get(str(block.get("$type")))
            if kind:
                others[kind] += 1
            elif isinstance(block.get("e"), list):
                for content_id, key in _keys_in(block["e"]):
                    keys[content_id] = key
                    characters += len(key)
                    if len(keys) > _MAX_KEYS or characters > _MAX_KEY_CHARACTERS:
                        raise UnreadableFileError(
                            "The repository has more records than are read here."
                        )

    def each() -> Iterator[tuple[str, Mapping[str, object] | str]]:
        number = 0
        for cid, block in _blocks(chunks()):
            if isinstance(block, dict) and block.get("$type") == _POST:
                number += 1
                fields: dict[str, object] = {**block, "rkey": keys.get(cid)}
                yield f"record {number}", fields

    return others, each


def _keys_in(entries: list[Any]) -> Iterator[tuple[bytes, str]]:
    """Yield content id and record key for each post in a node of the tree.

    A key shares its first p bytes with the key before it in the node.
    """
    key = b""
    for entry in entries:
        if not isinstance(entry, dict):
            return
        rest, shared, cid = entry.get("k"), entry.get("p"), entry.get("v")
        if not isinstance(rest, bytes) or not isinstance(shared, int) or not isinstance(cid, bytes):
            return
        key = (key[:shared] + rest[:_MAX_KEY_BYTES])[:_MAX_KEY_BYTES]
        collection, _, record_key = key.decode("utf-8", "replace").partition("/")
        if collection == _POST:
            yield cid, record_key


def _blocks(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, Any]]:
    """Yield the content id and decoded value of each block after the header."""
    stream = _Stream(chunks)
    if (length := stream.varint()) > _MAX_BLOCK_BYTES:
        raise UnreadableFileError("The repository is damaged: its header has no possible length.")
    stream.take(length)
    while (length := stream.varint(may_end=True)) >= 0:
        if not _CID_BYTES <= length <= _MAX_BLOCK_BYTES:
            raise UnreadableFileError("The repository is damaged: a block has no possible length.")
        data = stream.take(length)
        cid = data[:_CID_BYTES]
        try:
            value = libipld.decode_dag_cbor(data[_CID_BYTES:])
        except Exception as exc:
            raise UnreadableFileError("The repository is damaged: a block cannot be read.") from exc
        yield cid, value


class _Stream:
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._at = 0

    def take(self, length: int) -> bytes:
        while len(self._buffer) - self._at < length:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise UnreadableFileError("The repository breaks off: download it again.")
            self._buffer = self._buffer[self._at :] + chunk
            self._at = 0
        data = self._buffer[self._at : self._at + length]
        self._at += length
        return data

    def varint(self, *, may_end: bool = False) -> int:
        """Return an unsigned LEB128 number; -1 at the end of the file, where that may be."""
        value = 0
        for shift in range(0, 35, 7):
            if may_end and shift == 0 and self._is_at_end():
                return -1
            [byte] = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise UnreadableFileError("The repository is damaged: a length is no number.")

    def _is_at_end(self) -> bool:
        while self._at == len(self._buffer):
            chunk = next(self._chunks, None)
            if chunk is None:
                return True
            self._buffer, self._at = chunk, 0
        return False
