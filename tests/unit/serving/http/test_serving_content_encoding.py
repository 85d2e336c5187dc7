import gzip
import zlib

import pytest

from serving.errors import InvalidRequestError, PayloadTooLargeError, UnsupportedMediaError
from serving.http.content_encoding import unpacker

BODY = b'{"texts": ["a"]}'
# Without the time of day, which would be in the tests' names.
GZIPPED = gzip.compress(BODY, mtime=0)
ZLIBBED = zlib.compress(BODY)
BARE = ZLIBBED[2:-4]  # deflate without the header and checksum of zlib


def unpacked(body: bytes, encoding: str, limit: int = len(BODY)) -> bytes:
    return unpacker({"content-encoding": encoding})(body, limit)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", BODY),
        ("identity", BODY),
        ("gzip", GZIPPED),
        (" X-GZIP ", GZIPPED),
        ("deflate", ZLIBBED),
        ("deflate", BARE),
    ],
)
def test_a_body_as_long_as_the_limit_is_unpacked(encoding: str, body: bytes) -> None:
    assert unpacked(body, encoding) == BODY


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", GZIPPED), ("deflate", ZLIBBED), ("deflate", BARE)]
)
def test_one_byte_more_than_the_limit_is_too_large(encoding: str, body: bytes) -> None:
    with pytest.raises(PayloadTooLargeError):
        unpacked(body, encoding, len(BODY) - 1)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BODY),
        ("gzip", b""),
        ("gzip", ZLIBBED),
        ("deflate", GZIPPED),
        ("deflate", b""),
        ("deflate", BODY),
        ("deflate", BARE[:-1]),
        ("deflate", ZLIBBED[:-1]),
        ("gzip", GZIPPED[:-1]),
        ("gzip", GZIPPED + b"more"),
        ("gzip", GZIPPED + gzip.compress(b"", mtime=0)),
        ("gzip", GZIPPED[:-8] + b"\x00" * 8),
    ],
)
def test_a_body_that_is_not_packed_so_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        unpacked(body, encoding)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "nonsense"])
def test_another_encoding_is_refused_before_the_body_is_read(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        unpacker({"content-encoding": encoding})
