"""One HTTP connection: uvicorn's httptools protocol, with bounds on what nobody has a key for yet.

uvicorn takes a head of any size, waits for the rest of a request without end, drops the body of a
request that offers an upgrade, and closes kept connections under the requests on their way in
while it stops. All of that is decided before the application is called, so it is decided here.
An ordinary request, which arrives in one piece, sets no timer and pays a few attribute reads.

Refusals are problem documents (RFC 9457) of the type `about:blank`: the wire format is not known
before the head is read.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.http.messages import App

HEAD_BYTES = 1 << 16
"""Longest head: request line and headers; and longest trailers, or extensions of one chunk."""

HEADERS = 256
"""Most header lines in a head."""

PIPELINED = 128
"""Most requests of a connection that wait while an earlier one is answered."""

LINGER_SECONDS = 0.5
"""How long a connection stays open when it may still be written to.

Closed at once, it would be reset under a request that is on its way in, or under a refusal that
the client has not read yet.
"""

DISCARDED_BYTES = 1 << 20
"""Most bytes of a body that are read after its request was answered."""

SPARE_FILES = 128
"""Files that a worker opens besides its connections, at most."""

_LINGER_NOT = struct.pack("ii", 1, 0)

_WAITING, _HEAD, _BODY = range(3)
"""What a connection's deadline is for: the first byte of a request, its head, or its body."""

_DETAILS = {
    HTTPStatus.BAD_REQUEST: "What was sent is not HTTP/1.1.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This server is no proxy: CONNECT is not served.",
    HTTPStatus.REQUEST_TIMEOUT: "The request was not sent within the time that a request has.",
    HTTPStatus.TOO_MANY_REQUESTS: (
        f"More than {PIPELINED} requests were sent on this connection ahead of their answers. Those"
        " before this one were answered; send it and those after it again."
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The request line and headers are over {HEAD_BYTES} bytes or {HEADERS} headers."
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: "The server is stopping, or has no connection to spare.",
}


@dataclass(slots=True)
class ConnectionLimits:
    """What the connections of a worker share: their limits, and whether the worker is stopping.

    `receive_seconds` is how long a head may take, then its body, and then the client to read.
    `application` answers the requests in place of the one that uvicorn was started with, which has
    ours behind layers that take time and do nothing for a request: tracing that is off, and a
    timeout of BentoML's whose timers stay for a minute.
    `on_stop` is called when the worker begins to stop, maybe more than once; `on_refused` with the
    status of each refusal made here, None where a connection is closed to make room.
    """

    connections: int
    receive_seconds: float
    application: App | None = None
    stopping: bool = False
    on_stop: Callable[[], None] = lambda: None
    on_refused: Callable[[HTTPStatus | None], None] = lambda _: None

    @classmethod
    def within_file_limit(cls, connections: int, receive_seconds: float) -> ConnectionLimits:
        """Return limits that the process's limit of open files allows; raise it where it may be."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = connections + SPARE_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            connections = max(1, min(connections, soft - SPARE_FILES))
        return cls(connections, receive_seconds)

    def stop(self) -> None:
        """Refuse connections that are made from now on, and keep none after its next answer."""
        self.stopping = True
        self.on_stop()


class RefusedError(Exception):
    """Raised within the parser's callbacks to refuse the request with a status."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Connection(HttpToolsProtocol):
    """A connection with a bounded head, deadlines, no upgrades, and a polite end."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:
        """Take uvicorn's arguments, and the worker's `limits`."""
        super().__init__(*args, **kwargs)
        self.ws_protocol_class = None
        self.access_log = False  # else its lines are made for a logger that drops them
        if limits.application is not None:
            self.app = limits.application
        self._limits = limits
        self._in_head = False
        self._in_body = False
        self._idle_before_chunk = True
        self._chunk_bytes = 0
        self._unfinished_bytes = 0  # of a head, or of what is in a body but no content
        self._discarded_bytes = 0
        self._answered = 0
        self._refusal: bytes | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed = _WAITING
        self._write_timer: asyncio.TimerHandle | None = None

    # --- A connection's life ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request, if there is a connection to spare."""
        super().connection_made(transport)  # type: ignore[arg-type] # as uvicorn declares it
        full = len(self.connections) > self._limits.connections
        if self._limits.stopping or (full and not self._take_from_idle()):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._set_timer(self._limits.receive_seconds, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timers()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Serve what has been accepted or is on its way in, then close."""
        self._limits.stop()
        if self._refusal is not None:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self._unset_keepalive_if_required()
            self._set_timer(LINGER_SECONDS, self._stop_waiting)

    def _stop_waiting(self) -> None:
        if self._in_head:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self.transport.close()

    def _take_from_idle(self) -> bool:
        """Close the connection that is least missed; return whether there was any.

        Those that never had an answer go first, then those that have waited longest.
        """
        waiting = [
            other
            for other in self.connections
            if isinstance(other, Connection) and other is not self and other.waits
        ]
        if not waiting:
            return False
        waiting.sort(key=lambda other: (other._answered > 0, other.ends))
        for other in waiting[
            : max(1, self._limits.connections // 32)
        ]:  # a flood needs no sort each
            self.connections.discard(other)
            other.transport.abort()
            self._limits.on_refused(None)
        return True

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: to send a request, the rest of one, or to leave."""
        return self._in_body or self.cycle is None or self.cycle.response_complete

    @property
    def ends(self) -> float:
        """When the connection will be closed if nothing comes, by the event loop's clock."""
        timer = self._timer or self.timeout_keep_alive_task
        return 0.0 if timer is None else timer.when()

    # --- What comes in ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse what has come; refuse what is too much, too slow, or no HTTP."""
        if self._refusal is not None:
            self._discard(len(data))
            return
        self._chunk_bytes = len(data)
        self._idle_before_chunk = not (self._in_head or self._in_body)
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._parse_without_upgrade(memoryview(data)[upgrade.args[0] :])
            if self._in_head or self._in_body:
                self._unfinished_bytes += len(data)
                if self._unfinished_bytes > HEAD_BYTES:
                    too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                    raise RefusedError(too_large if self._in_head else HTTPStatus.BAD_REQUEST)
        except RefusedError as refused:
            self._refuse(refused.status)
        except httptools.HttpParserError as error:
            cause = error.__context__
            bad = HTTPStatus.BAD_REQUEST
            self._refuse(cause.status if isinstance(cause, RefusedError) else bad)
        else:
            if self._in_head or self._in_body or self._timer is not None:
                self._time_what_is_missing()

    def _parse_without_upgrade(self, rest: memoryview) -> None:
        """Go on after a head that offers an upgrade, where the parser stops.

        An offered protocol is not a must (RFC 9110, 7.8): the head is parsed again without the
        offer, then the `rest`, which may hold more such heads.
        """
        while True:
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = (option.strip() for option in value.split(b","))
                value = b", ".join(o for o in options if o.lower() != b"upgrade")
            if name != b"upgrade":
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head = True
        # Where in the chunk it begins is not known, unless it is the first thing there.
        self._unfinished_bytes = 0 if self._idle_before_chunk else -self._chunk_bytes
        self._idle_before_chunk = False

    def on_headers_complete(self) -> None:
        """Refuse a head that is too large; start the application on any other."""
        if len(self.headers) > HEADERS or (
            max(0, self._unfinished_bytes) + self._chunk_bytes > HEAD_BYTES
            and len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers) > HEAD_BYTES
        ):
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if len(self.pipeline) >= PIPELINED:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)
            return  # `_parse_without_upgrade` comes back to it
        self._in_head, self._in_body = False, True
        self._unfinished_bytes = -self._chunk_bytes
        self._discarded_bytes = 0
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # such clients know no 100 (RFC 9110, 10.1.1)
        super().on_headers_complete()
        self.headers = []  # trailers are not headers of the request

    def on_body(self, body: bytes) -> None:
        """Pass on a part of a body."""
        self._unfinished_bytes = -self._chunk_bytes
        if self.cycle.response_complete:
            self._discarded_bytes += len(body)
            if self._discarded_bytes > DISCARDED_BYTES:
                raise RefusedError(HTTPStatus.BAD_REQUEST)  # only closes: it is answered
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if self._in_head:
            return  # the empty message that the parser makes of a head that offers an upgrade
        self._in_body = False
        super().on_message_complete()
        if self._limits.stopping:
            self.cycle.keep_alive = False

    # --- Deadlines -------------------------------------------------------------------------------

    def _time_what_is_missing(self) -> None:
        """Set the deadline of the head or body that is incomplete; each has one, from its start."""
        missing = _HEAD if self._in_head else _BODY if self._in_body else _WAITING
        if missing == _WAITING:
            if self._timer is not None and self.cycle is not None:
                self._timer.cancel()
                self._timer = None
        elif missing != self._timed and not (missing == _HEAD and self._limits.stopping):
            self._set_timer(self._limits.receive_seconds, self._too_slow)
        self._timed = missing

    def _too_slow(self) -> None:
        self._timer = None
        if self.pipeline:  # reading is paused: not the client's fault
            self._set_timer(self._limits.receive_seconds, self._too_slow)
        elif self._in_head or self._in_body:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _set_timer(self, seconds: float, then: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then)

    def pause_writing(self) -> None:
        """Give the client time to read what waits for it."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._limits.receive_seconds, self._reset)

    def _reset(self) -> None:
        """Close without what the client has not read; the kernel would keep it for minutes."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT
        )
        self.transport.abort()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._write_timer = None

    # --- Refusals --------------------------------------------------------------------------------

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with an error after what is being answered, and close."""
        self._limits.on_refused(status)
        self._refusal = b"".join(self._lines(status))
        self._discarded_bytes = 0
        self._unset_keepalive_if_required()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._in_body:  # the newest request is the one that is refused
            if self.pipeline:
                self.pipeline.popleft()
            else:
                if self.cycle.response_started:
                    self._refusal = b""
                self.cycle.disconnected = True
                self.cycle.message_event.set()
                self._send_refusal()
        elif self.cycle is None or self.cycle.response_complete:
            self._send_refusal()

    def on_response_complete(self) -> None:
        """Go on with the next request; after the last one, refuse what could not be read."""
        was_last = not self.pipeline
        super().on_response_complete()
        self._answered += 1
        if self._in_head or self._refusal is not None:
            self._unset_keepalive_if_required()
        if was_last and self._refusal is not None and not self.transport.is_closing():
            self._send_refusal()

    def _send_refusal(self) -> None:
        if self._refusal:
            self.transport.write(self._refusal)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._set_timer(LINGER_SECONDS, self.transport.abort)
        else:
            self.transport.close()

    def _lines(self, status: HTTPStatus) -> Iterator[bytes]:
        document = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": _DETAILS[status],
        }
        body = json.dumps(document).encode()
        yield STATUS_LINE[status]
        for name, value in self.server_state.default_headers:
            yield b"%b: %b\r\n" % (name, value)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            yield b"retry-after: 1\r\n"
        yield b"content-type: application/problem+json\r\n"
        yield b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        yield body

    def _discard(self, size: int) -> None:
        """Drop what a refused client still sends."""
        self._discarded_bytes += size
        if self._discarded_bytes > DISCARDED_BYTES:
            self.transport.abort()
