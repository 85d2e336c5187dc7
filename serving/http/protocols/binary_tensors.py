"""Binary tensors of the Open Inference Protocol: after its binary tensor data extension.

A body is JSON, as long as a header says, and then the tensors' data in the order of the JSON. A
BYTES element is its length, four bytes little-endian, and its bytes; here they are UTF-8.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from serving.errors import Fault, InvalidRequestError
from serving.http.protocols.native import wrong_shape

LENGTH_HEADER = "inference-header-content-length"
"""The header that says how many bytes of a body are JSON."""

BINARY_TYPE = "application/octet-stream"
SIZE = "binary_data_size"
"""The parameter of a tensor that says how many bytes of binary data it has."""

_LENGTH = struct.Struct("<I")


def split_body(body: bytes, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return the JSON and the binary data in a body; InvalidRequestError for a wrong length."""
    declared = headers.get(LENGTH_HEADER)
    if declared is None:
        return body, b""
    # At most ten digits: Python refuses to read thousands of them.
    if not (declared.isascii() and declared.isdecimal() and len(declared) <= 10):
        raise InvalidRequestError("Inference-Header-Content-Length must be a whole number.")
    if int(declared) > len(body):
        raise InvalidRequestError(
            f"Inference-Header-Content-Length is {declared}, the body has {len(body)} bytes."
        )
    return body[: int(declared)], body[int(declared) :]


def read_texts(data: bytes, count: int, at: str) -> list[str]:
    """Return the `count` texts of a BYTES tensor, whose data the caller's body has at `at`."""
    texts: list[str] = []
    position = 0
    for index in range(count):
        begin = position + _LENGTH.size
        if begin > len(data):
            raise wrong_shape(Fault(at, f"ends before the length of text {index} of {count}"))
        position = begin + _LENGTH.unpack_from(data, begin - _LENGTH.size)[0]
        if position > len(data):
            raise wrong_shape(Fault(f"{at}/{index}", "is longer than the binary data"))
        try:
            texts.append(data[begin:position].decode("utf-8"))
        except UnicodeDecodeError as exc:
            raise wrong_shape(Fault(f"{at}/{index}", "is not UTF-8")) from exc
    if position < len(data):
        left = len(data) - position
        raise wrong_shape(Fault(at, f"has {left} bytes after the {count} texts of its shape"))
    return texts


def packed(datatype: str, values: Sequence[Any]) -> bytes:
    """Return the binary data of a BYTES or FP32 tensor."""
    if datatype == "FP32":
        return struct.pack(f"<{len(values)}f", *values)
    encoded = [value.encode() for value in values]
    return b"".join(_LENGTH.pack(len(value)) + value for value in encoded)
