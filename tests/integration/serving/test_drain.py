"""What SIGTERM does to requests: the one in flight is answered, later ones are not taken."""

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.support.serving.load import Load
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


def stop(server: Started) -> None:
    """Send SIGTERM and wait until the worker has begun to drain: it ends an idle connection."""
    with connected(server) as idle:
        idle.sendall(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(65_536)
        server.process.send_signal(signal.SIGTERM)
        assert idle.recv(65_536) == b""


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_what_is_in_flight_is_answered_and_what_comes_later_is_not(
    tiny_model: Path, tmp_path: Path, scheduler: str
) -> None:
    settings = {"SERVING_SCHEDULER": scheduler}
    with started_server(tiny_model, tmp_path, **settings) as server, connected(server) as busy:
        busy.sendall(REQUEST + BODY[:-1])
        stop(server)

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
        stop(server)

        kept.sendall(b'{"texts": ["a"]}')
        answer = rest_of(kept)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("round_", range(2))
def test_no_request_is_lost_when_it_stops_under_load(
    tiny_model: Path, tmp_path: Path, round_: int
) -> None:
    with started_server(tiny_model, tmp_path) as server:
        load = Load(server, clients=64)
        load.start()
        wait_until(lambda: len(load.sent) > 300, 60, "every client is at work")
        server.process.send_signal(signal.SIGTERM)
        load.join(30)

        assert server.process.wait(timeout=35) == 0
        assert load.lost == []
