"""One classification through BentoML's own endpoint, in memory.

What is behind is any ASGI app that answers `POST /v1/classify` as BentoML does: 200 and an
array with one item a text.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from serving.errors import UnexpectedError
from serving.http.asgi import JSON_TYPE, App, Message, Scope

CLASSIFY_PATH = "/v1/classify"


async def classify_downstream(app: App, texts: Sequence[str]) -> bytes:
    """Return the array of classifications as JSON; UnexpectedError when there is none."""
    exchange = _Exchange(json.dumps({"texts": texts}).encode())
    await app(exchange.scope(), exchange.receive, exchange.send)
    if exchange.status != 200:
        raise UnexpectedError(f"BentoML's endpoint answered with status {exchange.status}.")
    return b"".join(exchange.chunks)


class _Exchange:
    """Play the server's part of one ASGI exchange, in memory."""

    def __init__(self, request: bytes) -> None:
        self._request: bytes | None = request
        self.status = 0
        self.chunks: list[bytes] = []

    def scope(self) -> Scope:
        length = len(self._request or b"")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": CLASSIFY_PATH,
            "raw_path": CLASSIFY_PATH.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [
                (b"content-type", JSON_TYPE.encode()),
                (b"content-length", str(length).encode()),
            ],
            "client": None,
            "server": None,
            "state": {},
        }

    async def receive(self) -> Message:
        if self._request is None:
            await asyncio.get_running_loop().create_future()  # nobody disconnects
        body, self._request = self._request, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.chunks.append(bytes(message.get("body", b"")))
