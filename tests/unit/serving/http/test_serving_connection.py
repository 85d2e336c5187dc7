"""A connection without a socket: what it asks for an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from serving.http.connection import Connection, ConnectionLimits
from serving.http.messages import App, Receive, Scope, Send

REQUEST = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


def answering(body: bytes) -> App:
    """Return an application that answers everything with `body`."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    return application


async def written_for(limits: ConnectionLimits, uvicorns: App) -> bytes:
    """Return what a new connection writes for REQUEST, with a server of `uvicorns`."""
    config = uvicorn.Config(uvicorns, log_config=None)  # type: ignore[arg-type] # the same, in other words
    config.load()
    made = Connection(config=config, server_state=ServerState(), app_state={}, limits=limits)
    transport = Transport()
    made.connection_made(transport)
    made.data_received(REQUEST)
    await asyncio.gather(*made.tasks)
    made.connection_lost(None)
    return transport.written


def test_requests_go_to_the_application_without_the_layers_around_it() -> None:
    limits = ConnectionLimits(connections=4, receive_seconds=60)
    assert asyncio.run(written_for(limits, answering(b"layers"))).endswith(b"layers")
    limits.application = answering(b"application")
    assert asyncio.run(written_for(limits, answering(b"layers"))).endswith(b"application")
