"""Requests and answers as the modules of this package pass them on, and what a protocol is.

The message types are those of the ASGI specification, "HTTP & WebSocket ASGI Message Format" 2.3.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.errors import RequestError
from serving.schemas import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON_TYPE = "application/json"


class ClientGoneError(Exception):
    """Raised when the client has closed the connection."""


@dataclass(slots=True)
class Request:
    """A request; `headers` by their lower-case names, decoded as latin-1.

    A gRPC call is one too: its path is `grpc/METHOD`, its headers are the call's metadata.
    `key` (the name of the caller's bearer key) and `texts` (how many texts were classified) are
    filled in while the request is answered.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    receive: Receive
    trace_id: str
    key: str = ""
    texts: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, document: Any, status: int = 200, **fields: Any) -> Answer:
        """Return an answer that holds a JSON document."""
        return cls(status, json.dumps(document, ensure_ascii=False).encode(), **fields)


@dataclass(frozen=True, slots=True)
class Asked:
    """The texts of a request, and how their classifications become its answer.

    `worded` takes the JSON array that /v1/classify answers, and may raise RequestErrors. With
    `windows` a text longer than the model reads is classified in windows, else it is cut.
    """

    texts: Sequence[str]
    worded: Callable[[bytes], Answer]
    windows: bool = False


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """One wire format: how it checks headers, reads a body and words an error.

    Everything else (key, limits, admission, deadline, status codes) is the same for all formats.
    `check_headers` raises UnsupportedMediaError. `read` takes the body, the limits and the
    headers, and raises InvalidRequestError or PayloadTooLargeError. `refusal` takes an error and
    the request's id.
    """

    check_headers: Callable[[Mapping[str, str]], None]
    read: Callable[[bytes, Limits, Mapping[str, str]], Asked]
    refusal: Callable[[RequestError, str], Answer]
