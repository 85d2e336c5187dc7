"""What SIGTERM does to requests: the one in flight is answered, later ones are not taken."""

import http.client
import json
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.support.serving.started import SCHEDULERS, Started, started_server, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BODY = json.dumps({"texts": ["dog " * 30 + str(number) for number in range(256)]}).encode()
REQUEST = (
    b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


def connected(server: Started) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def rest_of(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(65_536):
        chunks.append(chunk)
    return b"".join(chunks)


def wait_until_refused(server: Started) -> None:
    """Connect until the server refuses, which it does as soon as it stops."""

    def refused() -> bool:
        try:
            connected(server).close()
        except ConnectionError:
            return True
        return False

    wait_until(refused, 10, "connections are refused")


def load(server: Started, keep: bool, answered: list[int], lost: list[str]) -> None:
    """Send one request after the other until the server closes the connection or refuses one."""
    body = b'{"texts": ["a quiet morning"]}'
    head = REQUEST.partition(b"Connection")[0]
    if not keep:
        head += b"Connection: close\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    while True:
        try:
            connection = connected(server)
        except ConnectionRefusedError:
            return
        with connection:
            while True:
                connection.sendall(request)
                try:
                    answer = http.client.HTTPResponse(connection)
                    answer.begin()
                    answer.read()
                except (OSError, http.client.HTTPException) as error:
                    lost.append(repr(error))
                    return
                answered.append(answer.status)
                if answer.status == 503 and answer.getheader("retry-after") and answered[200:]:
                    return
                if answer.status != 200:
                    lost.append(str(answer.status))
                if answer.getheader("connection") == "close":
                    break


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_what_is_in_flight_is_answered_and_what_comes_later_is_not(
    tiny_model: Path, tmp_path: Path, scheduler: str
) -> None:
    settings = {"SERVING_SCHEDULER": scheduler}
    with started_server(tiny_model, tmp_path, **settings) as server, connected(server) as busy:
        busy.sendall(REQUEST + BODY[:-1])
        with connected(server) as idle:
            idle.sendall(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.recv(65_536)
            server.process.send_signal(signal.SIGTERM)
            assert idle.recv(65_536) == b""  # the worker has begun to drain

        with pytest.raises(ConnectionRefusedError):
            connected(server)
        busy.sendall(BODY[-1:])
        answer = rest_of(busy)

        assert answer.startswith(b"HTTP/1.1 200")
        assert len(json.loads(answer.partition(b"\r\n\r\n")[2])) == 256
        assert server.process.wait(timeout=30) == 0
        assert "Traceback" not in server.said()


def test_a_kept_connection_is_told_that_it_ends(tiny_model: Path, tmp_path: Path) -> None:
    with started_server(tiny_model, tmp_path) as server, connected(server) as kept:
        kept.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        kept.sendall(b"xPOST /v1/classify HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n")
        kept.sendall(b"Content-Type: application/json\r\nContent-Length: 16\r\n\r\n")
        while not kept.recv(65_536).endswith(b"100 Continue\r\n\r\n"):
            pass
        server.process.send_signal(signal.SIGTERM)
        wait_until_refused(server)

        kept.sendall(b'{"texts": ["a"]}')
        answer = rest_of(kept)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("round_", range(2))
def test_no_request_is_lost_when_it_stops_under_load(
    tiny_model: Path, tmp_path: Path, round_: int
) -> None:
    """Half the clients keep their connection, half make one per request.

    A client that is refused a connection, or answered with 503, ends. Every request that was sent
    has to be answered.
    """
    with started_server(tiny_model, tmp_path) as server:
        lost: list[str] = []
        answered: list[int] = []
        clients = [
            threading.Thread(target=load, args=(server, number % 2 == 0, answered, lost))
            for number in range(64)
        ]
        for client in clients:
            client.start()
        wait_until(lambda: len(answered) > 200, 60, "every client is at work")
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)

        assert server.process.wait(timeout=35) == 0
        assert lost == []
