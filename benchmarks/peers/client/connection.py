"""HTTP/1.1 over asyncio with as little work per request as Python allows.

A client library uses several times as much CPU, which the server under test would lack. Here a
request is bytes that were written before, and a C parser reads answers.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import httptools

from benchmarks.peers.contract import Call

TIMEOUT_SECONDS = 60.0


class ConnectionLostError(OSError):
    """The server closed the connection before it had answered."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and whole body of an answer."""

    status: int
    body: bytes


def written(call: Call, host: str) -> bytes:
    """Return the bytes of a request."""
    head = (
        f"POST {call.path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n\r\n"
    )
    return head.encode("ascii") + call.body


class Connection(asyncio.Protocol):
    """A connection for one request at a time; `closed` once the server takes no more."""

    def __init__(self) -> None:
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Reply] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        """Send `request` and return the answer to come; ConnectionLostError if there is none."""
        self._answer = self._loop.create_future()
        if self._transport is None or self.closed:
            self._answer.set_exception(ConnectionLostError())
        else:
            self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Close the connection; what was asked stays unanswered."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods, but not asyncio's base class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio passes it
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLostError())

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        status = self._parser.get_status_code()
        self.closed = self.closed or not self._parser.should_keep_alive()
        self._parser = httptools.HttpResponseParser(self)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Reply(status, body))


class Pool:
    """Connections to one server, as many as there are requests at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._idle: list[Connection] = []

    async def ask(self, request: bytes) -> Reply:
        """Send `request` over an idle connection, or a new one where there is none.

        OSError or TimeoutError when no answer comes.
        """
        connection = await self._connection()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reply = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        if connection.closed:
            connection.close()
        else:
            self._idle.append(connection)
        return reply

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        host, port = self._address
        _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port)
        return connection
