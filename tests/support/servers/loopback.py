"""HTTP server on loopback that misbehaves when a test says so."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HANG, CUT, DRIP, DRIP_HEAD = "hang", "cut", "drip", "drip head"


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless the client has gone, as one that was killed does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class Reply:
    """An answer; body is sent as JSON unless it is bytes, or parts of bytes sent one by one."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request; header names are lower-cased."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))


class LoopbackServer:
    """Server that answers requests by answer(), or with the next of its faults.

    A fault is a Reply, HANG (no answer), CUT (the connection ends within the body), DRIP or
    DRIP_HEAD (a byte of the body or of the headers now and then, for thirty seconds); None lets one
    request through.
    """

    def __init__(self) -> None:
        self.faults: list[Reply | str | None] = []
        self.asked: list[Asked] = []
        self.bytes_sent = 0
        self._stopping = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve("")

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                self._serve(self.rfile.read(length).decode(errors="replace"))

            def _serve(self, body: str) -> None:
                parts = urlsplit(self.path)
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
                server.asked.append(asked)
                fault = server.faults.pop(0) if server.faults else None
                if isinstance(fault, str):
                    self._misbehave(fault)
                    return
                reply = fault or server.answer(asked)
                if isinstance(reply, str):
                    self._misbehave(reply)
                    return
                content = reply.body
                if isinstance(content, Iterator):
                    self._send_parts(reply, content)
                    return
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(reply.status)
                sent = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
                for name, value in {**sent, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def _misbehave(self, fault: str) -> None:
                self.close_connection = True
                if fault == HANG:
                    server._stopping.wait(10)
                    return
                if fault == DRIP_HEAD:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    self.wfile.write(b'{"data": [')
                try:
                    for _ in range(0 if fault == CUT else 1500):
                        if server._stopping.wait(0.02):
                            return
                        self.wfile.write(b" ")
                except OSError:
                    return  # the client has had enough

            def _send_parts(self, reply: Reply, parts: Iterator[bytes]) -> None:
                self.close_connection = True
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for part in parts:
                        self.wfile.write(part)
                        server.bytes_sent += len(part)
                except OSError:
                    return  # the client has had enough

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._http = _QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def answer(self, asked: Asked) -> Reply | str:
        raise NotImplementedError

    def stop(self) -> None:
        """Stop the server; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class ScriptedServer(LoopbackServer):
    """Server that answers with the given replies in turn, the last one again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply] = [Reply()]

    def answer(self, asked: Asked) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def minutes_into_2026(number: int) -> str:
    """Return the ISO 8601 time so many minutes into January 2026, which has 28 days here."""
    day, hour, minute = number // 1440 % 28 + 1, number // 60 % 24, number % 60
    return f"2026-01-{day:02d}T{hour:02d}:{minute:02d}:00.000Z"
