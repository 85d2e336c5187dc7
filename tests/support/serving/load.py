"""Clients that load a server until it stops, and what each of their requests came to."""

import http.client
import socket
import threading
import time
from dataclasses import dataclass, field

from tests.support.serving.started import Started

REFUSED = "connection refused"
_BODY = b'{"texts": ["a quiet morning"]}'
_HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_WARM_ANSWERS = 200  # before which a server that does not stop has no reason for a 503


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: when it began and ended (monotonic seconds), and its status or what happened."""

    began: float
    ended: float
    came_to: int | str


@dataclass(slots=True)
class Load:
    """`clients` clients, half of which keep their connection and half make one per request.

    A client that is refused a connection, or answered with 503, ends.
    """

    server: Started
    clients: int
    sent: list[Sent] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start the clients."""
        for number in range(self.clients):
            thread = threading.Thread(target=self._client, args=(number % 2 == 0,))
            thread.start()
            self._threads.append(thread)

    def join(self, seconds: float) -> None:
        """Wait until each client has ended; AssertionError where one does not in time."""
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "a client still waits for its answer"

    @property
    def lost(self) -> list[int | str]:
        """What became of requests that were neither answered nor refused politely."""
        return [one.came_to for one in self.sent if one.came_to not in (200, 503, REFUSED)]

    def longest_after(self, moment: float) -> float:
        """Return how long any request waited after `moment`, in seconds."""
        return max((one.ended - max(one.began, moment) for one in self.sent), default=0.0)

    def _client(self, keep: bool) -> None:
        request = _HEAD + b"Content-Length: %d\r\n" % len(_BODY)
        request += b"\r\n" if keep else b"Connection: close\r\n\r\n"
        while True:
            began = time.monotonic()
            try:
                connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
            except OSError as error:
                refused = isinstance(error, ConnectionRefusedError)
                self._add(began, REFUSED if refused else repr(error))
                return
            with connection:
                kept = True
                while kept:
                    status, kept = self._request(connection, request + _BODY, began)
                    if status != 200:
                        return
                    began = time.monotonic()

    def _request(
        self, connection: socket.socket, request: bytes, began: float
    ) -> tuple[int | None, bool]:
        try:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._add(began, repr(error))
            return None, False
        polite = answer.status != 503 or (
            answer.getheader("retry-after") and len(self.sent) > _WARM_ANSWERS
        )
        self._add(began, answer.status if polite else f"{answer.status} without a reason")
        return answer.status, answer.getheader("connection") != "close"

    def _add(self, began: float, came_to: int | str) -> None:
        self.sent.append(Sent(began, time.monotonic(), came_to))
