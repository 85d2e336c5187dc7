"""A connection without a socket: what it asks for an answer, and what it leaves out."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from typing import Any

import pytest
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
    config = uvicorn.Config(uvicorns, log_config=None)  # type: ignore[arg-type]
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


def test_the_service_hands_its_application_to_the_connections() -> None:
    # In a process of its own: the module replaces uvicorn's HTTP protocol where it is imported.
    code = (
        "from serving.service import application, connection_limits\n"
        "assert application(None) is connection_limits().application"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_no_lines_of_an_access_log_are_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("uvicorn.access")
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, "uvicorn.access"):
            asyncio.run(written_for(ConnectionLimits(4, 60), answering(b"")))
    finally:
        logger.removeHandler(caplog.handler)
    assert not caplog.records
