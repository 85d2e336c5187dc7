"""One target for each reader of bytes that strangers send: called as the product calls it.

A target takes any bytes. What it raises is a fault: the errors that a reader documents are taken in
it. Some shape the bytes first, so that a change of one byte is not stopped by a checksum.
"""

import gzip
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from zlib import crc32

import libipld
from waitress.adjustments import Adjustments

from api.domain.imports import DateOrder
from api.intake.html_text import looks_like_html, text_of_html
from api.post_files.bluesky_repository import CAR_HEAD
from api.post_files.encodings import encoding_of, lines_of
from api.post_files.packed_files import GZIP_SIGNATURE, ZIP_SIGNATURES
from api.runtime.http_requests import HEAD_BYTES, Request, Spool
from serving.errors import RequestError
from serving.http.protocols.binary_tensors import LENGTH_HEADER, SIZE, packed
from serving.http.protocols.open_inference import OpenInference
from serving.rpc.messages import message
from serving.rpc.open_inference import GrpcOpenInference
from serving.schemas import Limits
from tests.contract.post_files.test_dialect_fuzz import check_file
from tests.support.growth import lines_run
from tests.support.post_file_cases import car_of, cases, tar_of, zip_of

GROWN_BYTES = 16 * 1024
LINES_AT_START = 50_000
_ONE_IN = 64  # inputs whose growth is looked at, for it takes as long as a hundred others
_PIECE_BYTES = 61  # readers get their bytes in pieces, so that ends of pieces fall anywhere
_LONGEST_LINE = 400
_LONGEST_NAME = 200
_FILE_END, _NAME_END = b"\x1e", b"\x1f"
_BLOCK_END = b"\x1e\x1f\x1e"
_TAR_BLOCK = 512
_TAR_MAGIC, _TAR_SUM = slice(257, 262), slice(148, 156)
_JSON = re.compile(rb"\s*[\[{]")
_SCRIPT = b"window.YTD.tweets.part0 = "
_SPOOL_BYTES = 1024 * 1024
_MODEL = OpenInference("mood", "1")
_LIMITS = Limits(texts=8, text_chars=400, body_bytes=64 * 1024)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader: what reads any bytes, sound ones to begin with, and how much work it may be."""

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    lines_per_byte: int

    def attempt(self, data: bytes) -> None:
        """Read the bytes, and of some inputs a longer one made of them, to see the work on it.

        Raises what the reader does, and AssertionError where it runs more lines of Python than a
        bound that is linear in the length. The bytes alone decide what is done.
        """
        self.read(data)
        if crc32(data) % _ONE_IN == 1:
            self.expect_linear(grown(data))

    def expect_linear(self, data: bytes) -> None:
        """Read the bytes. Raises AssertionError where that takes more lines than the bound."""
        bound = LINES_AT_START + self.lines_per_byte * len(data)
        lines = lines_run(partial(self.read, data))
        if lines > bound:  # once more: what is kept from the first time is no growth
            lines = lines_run(partial(self.read, data))
        assert lines <= bound, f"{lines:,} lines of Python for {len(data):,} bytes: {data[:200]!r}"


def grown(data: bytes) -> bytes:
    """Return the bytes with a short piece of them repeated at its place, GROWN_BYTES long."""
    mark = crc32(data)
    at, width = mark % max(len(data), 1), 1 + (mark >> 16) % 24
    piece = data[at : at + width] or b"\n"
    return data[:at] + piece * (GROWN_BYTES // len(piece)) + data[at + width :]


# Files of posts


class _InPieces(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(_PIECE_BYTES if size is None or size < 0 else min(size, _PIECE_BYTES))


def _order(data: bytes) -> DateOrder | None:
    return [None, *DateOrder][crc32(data) % 3]


def _plain(name: str, data: bytes, *, begins: re.Pattern[bytes] | None = None) -> None:
    # What has lost its beginning is a file for another target, and would soon be most of them.
    if begins is None or begins.match(data):
        check_file(_InPieces(data), name, _order(data))


def _archive(name: str, data: bytes) -> None:
    if data.startswith((*ZIP_SIGNATURES, GZIP_SIGNATURE)):
        check_file(io.BytesIO(data), name, _order(data))


def _encodings(data: bytes) -> None:
    content, size = data[1:], 1 + data[0] % 100 if data else 1

    def pieces() -> Iterator[bytes]:
        return (content[at : at + size] for at in range(0, len(content), size))

    encoding = encoding_of(pieces())
    lines = list(lines_of(pieces(), encoding, _LONGEST_LINE))
    "".join(filter(None, lines)).encode("utf-8")
    assert lines == list(lines_of(iter([content]), encoding, _LONGEST_LINE))


def _members(data: bytes) -> None:
    kind, *files = data.split(_FILE_END)
    contents: dict[str, bytes] = {}
    for file in files:
        name, _, content = file.partition(_NAME_END)
        # Python packs no file without a name, which a NUL would end.
        shown = name.decode("latin-1").replace("\0", "")[:_LONGEST_NAME]
        contents[shown or "posts.csv"] = content
    pack = tar_of if kind == b"tar" else zip_of
    _archive("posts.tar.gz" if kind == b"tar" else "posts.zip", pack(contents))


def _unpacked_members(kind: bytes, contents: Mapping[str, bytes]) -> bytes:
    files = (name.encode() + _NAME_END + content for name, content in contents.items())
    return _FILE_END.join([kind, *files])


def _tar(data: bytes) -> None:
    blocks = bytearray(data)
    for at in range(0, len(blocks) - _TAR_BLOCK + 1, _TAR_BLOCK):
        block = blocks[at : at + _TAR_BLOCK]
        if block[_TAR_MAGIC] == b"ustar":
            block[_TAR_SUM] = b" " * 8
            block[_TAR_SUM] = b"%06o\0 " % sum(block)
            blocks[at : at + _TAR_BLOCK] = block
    _archive("posts.tar.gz", gzip.compress(blocks, compresslevel=1, mtime=0))


def _records(data: bytes) -> None:
    _plain("repo.car", car_of(data.split(_BLOCK_END)))


def _contents(*endings: str) -> list[bytes]:
    """Return the files of the invented cases with such names."""
    return [case.content() for case in cases() if case.path.name.endswith(endings)]


def _packed_seeds() -> list[bytes]:
    return [
        _unpacked_members(
            b"tar" if case.path.suffix == ".gz" else b"zip",
            {
                path.relative_to(case.path).as_posix(): path.read_bytes()
                for path in sorted(case.path.rglob("*"))
                if path.is_file()
            },
        )
        for case in cases()
        if case.path.is_dir() and case.path.suffix != ".car"
    ]


def _tar_seeds() -> list[bytes]:
    long_name = tar_of({"a" * 120 + "/posts.csv": b"id,text,created_at\n1,a walk,2024-01-02\n"})
    return [gzip.decompress(each) for each in [*_contents(".tar.gz"), long_name]]


def _record_seeds() -> list[bytes]:
    keys = [(0, b"app.bsky.feed.post/3k2a"), (21, b"b"), (0, b"app.bsky.feed.like/3k")]
    entries = [{"p": shared, "k": rest, "v": b"\1" * 36, "t": None} for shared, rest in keys]
    post = {"text": "a walk", "createdAt": "2024-01-02T03:04:05Z", "langs": ["en"], "tags": ["x"]}
    kinds = ["app.bsky.feed.post", "app.bsky.feed.like"]
    blocks = [{"l": None, "e": entries}, *({"$type": kind, **post} for kind in kinds)]
    return [_BLOCK_END.join(map(libipld.encode_dag_cbor, blocks))]


def _encoding_seeds() -> list[bytes]:
    texts = ["a walk, café “now” ☂\r\n👍 naïve\n", "cafÃ© â€œnowâ€\x9d\r", "_‰Ûªs\n"]
    wide = [text.encode(codec) for text in texts for codec in ("utf-8", "utf-16", "utf-32-be")]
    narrow = [text.encode(codec, "replace") for text in texts for codec in ("cp1252", "mac_roman")]
    return [bytes([size]) + each for size in (0, 6) for each in [*wide, *narrow]]


# HTML


def _html(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    looks_like_html(text)
    text_of_html(text).encode("utf-8")


def _html_seeds() -> list[bytes]:
    return [
        b'<p>A <b class="x">walk</b> &amp; &#8220;rain&#8221;<br/>home</p><p>more</p>',
        b"<!-- no --><script>if (a < b) {}</script><ul><li>one<li>two</ul><style>p{}</style>",
        b"a\nb <i title='>'>c</i> &nbsp;&notit; &#xd800; &#0; <a <a </ <!x> <3",
    ]


# Requests to the API and to the inference server


@lru_cache(maxsize=1)
def _adjustments() -> Adjustments:
    return Adjustments(
        host="127.0.0.1",
        max_request_header_size=HEAD_BYTES,
        max_request_body_size=sys.maxsize,
        clear_untrusted_proxy_headers=True,
    )


def _http(data: bytes) -> None:
    spool = Spool(_SPOOL_BYTES)
    request = Request(_adjustments(), spool)
    for start in range(0, len(data), _PIECE_BYTES):
        piece = data[start : start + _PIECE_BYTES]
        while piece:
            taken = request.received(piece)
            assert 0 < taken <= len(piece)
            piece = piece[taken:]
            if request.completed:
                request.close()
                assert spool.take(_SPOOL_BYTES)
                if request.error:
                    return
                spool.give_back(_SPOOL_BYTES)
                request = Request(_adjustments(), spool)
    request.close()


def _http_seeds() -> list[bytes]:
    return [
        b"GET /v1/users/ida?limit=3&x=%20 HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        b"GET http://a/b HTTP/1.0\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        b"3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    ]


def _tensors(data: bytes) -> None:
    length, _, body = data.partition(b"\n")
    headers = {LENGTH_HEADER: length.decode("latin-1")} if length else {}
    try:
        _MODEL.read(body, _LIMITS, headers)
    except RequestError as error:
        str(error).encode("utf-8")


def _tensor_seeds() -> list[bytes]:
    texts = ["a walk", "café ☂"]
    tensor = {"name": "text", "datatype": "BYTES", "shape": [2]}
    raw = packed("BYTES", texts)
    binary = {"inputs": [tensor | {"parameters": {SIZE: len(raw)}}], "id": "1"}
    written = json.dumps(binary).encode()
    outputs = [{"name": "label", "parameters": {"binary_data": True}}]
    plain = {"inputs": [tensor | {"data": texts}], "outputs": outputs}
    return [b"%d\n" % len(written) + written + raw, b"\n" + json.dumps(plain).encode()]


def _grpc(data: bytes) -> None:
    try:
        GrpcOpenInference(_MODEL).read(data, _LIMITS, {})
    except RequestError as error:
        str(error).encode("utf-8")


def _grpc_seeds() -> list[bytes]:
    found = []
    for raw in (True, False):
        request = message("ModelInferRequest")(model_name="mood", id="1")
        tensor = request.inputs.add(name="text", datatype="BYTES", shape=[2])
        if raw:
            request.raw_input_contents.append(packed("BYTES", ["a walk", "café"]))
        else:
            tensor.contents.bytes_contents.extend([b"a walk", "café".encode()])
        request.outputs.add(name="label").parameters["binary_data"].bool_param = raw
        found.append(request.SerializeToString())
    return found


TARGETS: Mapping[str, Target] = {
    "encodings": Target(_encodings, _encoding_seeds, 100),
    "csv": Target(partial(_plain, "posts.csv"), partial(_contents, ".csv"), 200),
    "json": Target(
        partial(_plain, "posts.json", begins=_JSON), partial(_contents, ".json", ".jsonl"), 200
    ),
    "script": Target(
        lambda data: _plain("tweets.js", _SCRIPT + data),
        lambda: [each.partition(b" = ")[2] for each in _contents(".js")],
        200,
    ),
    "zip": Target(partial(_archive, "posts.zip"), partial(_contents, ".zip"), 200),
    "tar": Target(_tar, _tar_seeds, 200),
    "members": Target(_members, _packed_seeds, 200),
    "repository": Target(
        partial(_plain, "repo.car", begins=CAR_HEAD), partial(_contents, ".car"), 200
    ),
    "records": Target(_records, _record_seeds, 200),
    "html": Target(_html, _html_seeds, 100),
    "http": Target(_http, _http_seeds, 100),
    "tensors": Target(_tensors, _tensor_seeds, 100),
    "grpc": Target(_grpc, _grpc_seeds, 100),
}
