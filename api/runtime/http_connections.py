"""One HTTP connection: waitress's channel, with deadlines and a check before the body.

waitress reads a request whole before it hands it to a thread, so slow clients hold no thread. But
it waits for them without end, and takes a body before anybody has looked at the key. So here

- a connection, a head, a body and a response that is sent have a time each, in `Times`;
- a body that has not come with its head is waited for only once the app passed the head
  (`api.routes.checks.body_checks`);
- a refused client is given a moment to read why before the connection is closed.

Methods run in the server's loop, except where they say that a thread of the pool calls them.
"""

import json
import socket
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from api.problems import kind_of_status, problem_document
from api.routes.checks.body_checks import BeforeBody
from api.runtime.http_requests import HEAD_BYTES, Request, RequestTimeoutError, SpoolFullError

_LINGER_SECONDS = 2.0
_LINGER_BYTES = 1 << 20
_LINGER_BLOCK = 1 << 16
_RETRY_AFTER_SECONDS = 5
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_DETAILS = {
    400: "The request is not HTTP/1.1 as it can be read here: its head or its chunks are broken.",
    408: "The request was not sent within the time that a request has. Send it again.",
    413: "The body is larger than this address takes.",
    431: f"The request line and headers are over {HEAD_BYTES:,} bytes.",
    501: "Bodies are taken as they are or chunked; no other Transfer-Encoding is read.",
    503: "The service holds as many bodies as it has room for. Try again in a few seconds.",
}


@dataclass(frozen=True, slots=True)
class Times:
    """How long a connection may take, in seconds.

    head: for a head, and until the first one begins. idle: between an answer and the next request.
    body: for a body, or for the client to read an answer, plus a second for each bytes_per_second.
    """

    head: float = 15.0
    idle: float = 75.0
    body: float = 30.0
    bytes_per_second: int = 1 << 15


class _ProblemTask(ErrorTask):
    """Problem document for a request that never reaches the app, such as a broken request line."""

    response_headers: list[tuple[str, str]]

    def execute(self) -> None:
        """Write the response and close the connection."""
        request: Any = self.request
        error = request.error
        code = error.code
        trace_id = uuid.uuid4().hex
        document = problem_document(
            kind_of_status(code), _DETAILS.get(code, error.reason), trace_id, status=code
        )
        body = json.dumps(document).encode()
        self.status = f"{code} {error.reason}"
        self.response_headers = [
            *self.response_headers,
            ("Content-Type", "application/problem+json"),
            ("X-Request-Id", trace_id),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if isinstance(error, SpoolFullError):
            self.response_headers.append(("Retry-After", str(_RETRY_AFTER_SECONDS)))
        self.channel.lingers = True
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _AppTask(WSGITask):
    """The app's response to a request."""

    def get_environment(self) -> Any:
        """Return the WSGI environment, with what the app said before the body came."""
        fresh = self.environ is None
        environ: Any = super().get_environment()
        if fresh and (before_body := self.request.before_body) is not None:
            before_body.put_into(environ)
        return environ


class _HeadTask(_AppTask):
    """The app's refusal of a request whose body is not here yet; nothing where it passes."""

    def get_environment(self) -> Any:
        """Return the WSGI environment with an empty body."""
        environ = super().get_environment()
        environ["wsgi.input"] = BytesIO()
        return environ

    def build_response_header(self) -> Any:
        """Return the head of a refusal, after which the connection is closed."""
        self.channel.lingers = True
        self.set_close_on_finish()
        return super().build_response_header()

    def finish(self) -> None:
        """End the response, if there is one."""
        if self.request.is_head_alone:
            super().finish()


def _task(channel: Any, request: Request) -> WSGITask:
    return (_HeadTask if request.is_head_alone else _AppTask)(channel, request)


class Connection(HTTPChannel):
    """A connection with deadlines, a check before the body, and a polite end."""

    task_class = staticmethod(_task)
    error_task_class = _ProblemTask
    lingers = False
    request: Any

    def __init__(self, server: Any, *args: Any, **more: Any) -> None:
        """Take waitress's arguments."""
        self.answers = 0
        self.since = time.monotonic()  # when it began to wait for what it waits for
        self._phase: tuple[str, int] = ("idle", 0)
        self._refused = False
        self._lingering = False
        self._discarded = 0
        self._sent = 0
        self._sending: tuple[float, int] | None = None
        super().__init__(server, *args, **more)

    # --- What comes in ---------------------------------------------------------------------------

    def received(self, data: bytes) -> bool:
        """Parse what has come, and hand complete requests and heads without a body to a thread."""
        with self.requests_lock:
            if self.will_close or self.close_when_flushed:
                return False
            while data and not self._refused:
                if self.request is None:
                    self.request = Request(self.adj, self.server.spool)
                consumed = self.request.received(data)
                data = data[consumed:]
                if self.request.completed:
                    self.sent_continue = False
                    request, self.request = self.request, None
                    if not request.empty:
                        self._take(request)
            request = self.request
            if request is not None and request.headers_finished and request.before_body is None:
                request.before_body = BeforeBody()
                self._take(request)
            refuse_now = self._refused and len(self.requests) == 1
        if refuse_now:  # it waits for no thread, only for the answers before it
            self.service()
        return True

    def _take(self, request: Any) -> None:
        self.requests.append(request)
        self._refused = bool(request.error)
        if len(self.requests) == 1 and not self._refused:
            self.server.add_task(self)

    def send_continue(self) -> None:
        """Ask for the body; a thread of the pool calls it once the head has passed.

        Only the loop sends it: waitress's own would send it here too, at the same time.
        """
        request, self.sent_continue = self.request, True
        request.expect_continue = request.completed = False
        with self.outbuf_lock:
            self.outbufs[-1].append(_CONTINUE)
            self.current_outbuf_count += len(_CONTINUE)
            self.total_outbufs_len += len(_CONTINUE)
        self.server.look_at(self)

    def service(self) -> None:
        """Answer a request, in a thread of the pool."""
        super().service()
        self.answers += 1
        if not self.connected:
            self._drop_request()

    # --- Deadlines -------------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: to send, to read, or to leave."""
        return not self.requests

    def note_phase(self, now: float) -> None:
        """Note what the connection waits for, and since when; called whenever that may change."""
        if self.requests:
            kind = "answer"
        elif self.request is None:
            kind = "idle"
        else:
            kind = "body" if self.request.headers_finished else "head"
        phase = kind, self.answers
        if phase != self._phase:
            self._phase, self.since = phase, now

    def end_if_late(self, now: float, times: Times) -> None:
        """Refuse or close what has taken too long."""
        if self._lingering:
            late = now > self.since + _LINGER_SECONDS
        elif self.total_outbufs_len:
            late = self._reads_too_slowly(now, times)
        else:
            self._sending = None
            late = self._is_late(now, times)
        if not late:
            return
        unfinished = self.request
        if unfinished is None or self._lingering or self.total_outbufs_len:
            self.handle_close()
            return
        self.request = None
        unfinished.refuse(RequestTimeoutError(""))
        with self.requests_lock:
            self._take(unfinished)
        self.service()
        self.server.look_at(self)

    def _is_late(self, now: float, times: Times) -> bool:
        waited = now - self.since
        kind, answers = self._phase
        if kind == "head":
            return waited > times.head
        if kind == "idle":
            return waited > (times.idle if answers else times.head)
        if kind == "body" and self.request is not None:
            received: int = self.request.body_bytes_received
            return waited > times.body + received / times.bytes_per_second
        return False

    def _reads_too_slowly(self, now: float, times: Times) -> bool:
        if self._sending is None:
            self._sending = now, self._sent
        began, sent_before = self._sending
        return now - began > times.body + (self._sent - sent_before) / times.bytes_per_second

    def _flush_some(self, do_close: bool = True) -> Any:
        # The loop calls it without the lock when no request runs, but a thread that has just ended
        # one may be adding a 100 Continue.
        with self.outbuf_lock:
            return super()._flush_some(do_close)

    def send(self, data: bytes, do_close: bool = True) -> Any:
        """Send, and count what was sent; also called in a thread of the pool."""
        sent = super().send(data, do_close)
        self._sent += sent or 0
        return sent

    # --- The end ---------------------------------------------------------------------------------

    def readable(self) -> bool:
        """Return whether to wait for bytes from the client."""
        return self._lingering or bool(super().readable())

    def writable(self) -> bool:
        """Return whether to wait until the client takes bytes."""
        return not self._lingering and bool(super().writable())

    def handle_read(self) -> None:
        """Take what the client sends; drop it after a refusal."""
        if not self._lingering:
            super().handle_read()
            return
        try:
            self._discarded += len(self.recv(_LINGER_BLOCK))
        except OSError:
            self.handle_close()
        if self._discarded > _LINGER_BYTES:
            self.handle_close()

    def handle_write(self) -> None:
        """Send what is due; after a refusal, let the client read it before the connection ends."""
        if self.lingers and self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if self.total_outbufs_len or self.will_close or not self.connected:
                return
            # Closed at once, with bytes unread, it would be reset under what was just sent.
            self._lingering, self.since = True, time.monotonic()
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_write()

    def handle_close(self) -> None:
        """Close the connection."""
        super().handle_close()
        if not self.requests:
            self._drop_request()

    def _drop_request(self) -> None:
        request, self.request = self.request, None
        if request is not None:
            request.before_body = None
            request.close()

    def add_channel(self, map: Any = None) -> None:
        """Have the server wait for this connection's bytes."""
        super().add_channel(map)
        self.server.look_at(self)

    def del_channel(self, map: Any = None) -> None:
        """Have the server forget this connection."""
        self.server.forget(self._fileno)
        super().del_channel(map)
