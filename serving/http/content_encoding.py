"""Bodies that a client or a proxy has packed with gzip or deflate, unpacked within a limit."""

import zlib
from collections.abc import Callable, Mapping

from serving.errors import InvalidRequestError, PayloadTooLargeError, UnsupportedMediaError

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's number for each format of RFC 9110, section 8.4.1; its deflate has zlib's header."""

_BARE_DEFLATE = -15
"""The number for deflate without that header, which some clients send, as the RFC notes."""


def unpacker(headers: Mapping[str, str]) -> Callable[[bytes, int], bytes]:
    """Return a function that unpacks a body as its Content-Encoding says, to at most so many bytes.

    UnsupportedMediaError for an encoding that is not read. The function raises
    PayloadTooLargeError when more comes out, InvalidRequestError when the body is not packed so.
    """
    encoding = (headers.get("content-encoding") or "identity").strip().lower()
    if encoding == "identity":
        return lambda body, _: body
    if encoding not in _WINDOW_BITS:
        raise UnsupportedMediaError("Send the body as it is, or packed once, as gzip or deflate.")
    return lambda body, limit: _unpacked(body, encoding, limit)


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    bare = encoding == "deflate" and not _has_zlib_header(body)
    stream = zlib.decompressobj(_BARE_DEFLATE if bare else _WINDOW_BITS[encoding])
    try:
        whole = stream.decompress(body, limit + 1)  # a few bytes may stand for gigabytes
    except zlib.error as exc:
        raise InvalidRequestError(f"The body is not {encoding}, as its header says.") from exc
    if len(whole) > limit:
        raise PayloadTooLargeError(f"The unpacked body is over the limit of {limit} bytes.")
    if not stream.eof:
        raise InvalidRequestError(f"The body ends in the middle of its {encoding} stream.")
    if stream.unused_data:
        raise InvalidRequestError(f"The body goes on after the end of its {encoding} stream.")
    return whole


def _has_zlib_header(body: bytes) -> bool:
    """Return whether a body begins as RFC 1950, section 2.2, says: deflate, and a check of both."""
    return len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
