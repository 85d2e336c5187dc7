"""The few words of ASGI that the gateway speaks, with no framework.

See the ASGI specification, "HTTP & WebSocket ASGI Message Format" 2.3.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from serving.errors import PayloadTooLargeError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON_TYPE = "application/json"
DRAIN_FACTOR = 4


class ClientGoneError(Exception):
    """Say that the client has closed the connection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold a whole response."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, document: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Return an answer that holds a JSON document."""
        return cls(status, json.dumps(document, ensure_ascii=False).encode(), headers=headers)

    async def send(self, send: Send, trace_id: str, *, without_body: bool = False) -> None:
        """Send the answer, or its headers alone as HEAD wants it."""
        headers = [
            ("content-type", self.content_type),
            ("content-length", str(len(self.body))),
            ("x-request-id", trace_id),
            *self.headers,
        ]
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
            }
        )
        await send({"type": "http.response.body", "body": b"" if without_body else self.body})


def header(scope: Scope, name: str) -> str | None:
    """Return a request header's value, its bytes read as latin-1, or None."""
    wanted = name.encode()
    for key, value in scope["headers"]:
        if key == wanted:
            return bytes(value).decode("latin-1")
    return None


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the request's body, at most `limit` bytes.

    Raises PayloadTooLargeError when there are more. What is over the limit is read away first,
    up to DRAIN_FACTOR times the limit, because a client that is still sending would see a
    reset connection instead of the answer. Raises ClientGoneError when the client leaves.
    """
    detail = f"The body is over the limit of {limit} bytes."
    declared = header(scope, "content-length")
    if declared is not None and declared.isdecimal() and int(declared) > DRAIN_FACTOR * limit:
        raise PayloadTooLargeError(detail, unread=True)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > DRAIN_FACTOR * limit:
            raise PayloadTooLargeError(detail, unread=True)
        if size > limit:
            chunks.clear()
        else:
            chunks.append(chunk)
    if size > limit:
        raise PayloadTooLargeError(detail)
    return b"".join(chunks)
