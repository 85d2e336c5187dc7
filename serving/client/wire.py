"""What goes over the wire between client and inference server, as values.

No connection is made here: requests are written, and what came of them is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from serving.client.errors import (
    InferenceAnswerError,
    InferenceBusyError,
    InferenceError,
    InferenceRejectedError,
    InferenceUnreachableError,
)
from serving.errors import Fault
from serving.schemas import Classification, Limits

_BUSY = frozenset({429, 502, 503, 504})
_FRAME = len(b'{"texts": []}')
_POINTER = "/texts/"


@dataclass(frozen=True, slots=True)
class Request:
    """Ask for a request to be made."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold what came of a request; status 0 and the reason where nothing came."""

    status: int
    body: bytes = b""
    retry_after: str | None = None
    reason: str = ""


def split_texts(texts: Sequence[str], limits: Limits) -> Iterator[tuple[bytes, int]]:
    """Yield the bodies of requests within the limits, each with how many texts it holds.

    Halves of surrogate pairs, which UTF-8 has no place for, are left out as the server does.
    """
    parts: list[bytes] = []
    size = _FRAME
    for text in texts:
        part = json.dumps(text, ensure_ascii=False).encode("utf-8", "ignore")
        over = size + len(part) + 1 > limits.body_bytes
        if parts and (over or len(parts) == limits.texts):
            yield b'{"texts": [%b]}' % b",".join(parts), len(parts)
            parts, size = [], _FRAME
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield b'{"texts": [%b]}' % b",".join(parts), len(parts)


def error_of(reply: Reply) -> InferenceError:
    """Return the error that a reply other than 200 stands for."""
    if reply.status == 0:
        return InferenceUnreachableError(f"the inference server cannot be reached: {reply.reason}")
    if reply.status in _BUSY:
        message = f"the inference server asks to come back later (status {reply.status})"
        return InferenceBusyError(message, _seconds(reply.retry_after))
    try:
        document = json.loads(reply.body)
        faults = [Fault(str(item["where"]), str(item["reason"])) for item in document["errors"]]
        problem_type, detail = str(document["type"]), str(document["detail"])
    except (ValueError, KeyError, TypeError):
        return InferenceAnswerError(f"status {reply.status} without a problem document")
    return InferenceRejectedError(reply.status, problem_type, detail, faults)


def _seconds(retry_after: str | None) -> float | None:
    """Return Retry-After in seconds; its other form, a date, is not in the contract."""
    if retry_after is None or not retry_after.isascii() or not retry_after.isdecimal():
        return None
    return float(retry_after)


def moved(error: InferenceRejectedError, texts: int) -> InferenceRejectedError:
    """Return an error whose faults point into the caller's list, `texts` further on."""
    faults = [
        Fault(f"{_POINTER}{int(place) + texts}", fault.reason)
        if (place := fault.where.removeprefix(_POINTER)).isdecimal()
        else fault
        for fault in error.faults
    ]
    return InferenceRejectedError(error.status, error.problem_type, error.detail, faults)


def classifications(body: bytes, count: int) -> list[Classification]:
    """Return the `count` classifications in an answer; InferenceAnswerError if it has others."""
    items = read_json(body)
    if not isinstance(items, list) or len(items) != count:
        raise InferenceAnswerError(f"the answer does not hold {count} classifications")
    try:
        return [Classification.from_wire(item) for item in items]
    except ValueError as exc:
        raise InferenceAnswerError(str(exc)) from exc


def read_json(body: bytes) -> Any:
    """Return the JSON value in an answer; InferenceAnswerError if there is none."""
    try:
        return json.loads(body)
    except ValueError as exc:
        raise InferenceAnswerError("the answer is not JSON") from exc
