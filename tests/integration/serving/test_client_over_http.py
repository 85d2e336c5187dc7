"""The client over real connections to a server that misbehaves."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from serving.client import (
    InferenceBusyError,
    InferenceClient,
    InferenceUnreachableError,
    RetryPolicy,
)
from tests.support.serving.started import free_port

pytestmark = pytest.mark.integration

Behaviour = Callable[[BaseHTTPRequestHandler, bytes], None]
SHORT = 0.3


def drop(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.close_connection = True


def busy(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(429)
    handler.send_header("Retry-After", "7")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def cut_off(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Promise more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[")
    handler.close_connection = True


def classify(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    item = {"label": "joy", "scores": {"joy": 1.0}, "irony": 0, "tokens": 3, "truncated": False}
    answer = json.dumps([item] * len(json.loads(body)["texts"])).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(answer)))
    handler.end_headers()
    handler.wfile.write(answer)


class FakeHttpServer(ThreadingHTTPServer):
    """Behave as told, request by request, and classify when nothing more is told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.behaviours: list[Behaviour] = []
        self.release = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def hang(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.release.wait(timeout=60)
        handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, FakeHttpServer)
        behaviour = server.behaviours.pop(0) if server.behaviours else classify
        behaviour(self, self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer() as fake:
        thread = threading.Thread(target=fake.serve_forever, args=(0.02,))
        thread.start()
        yield fake
        fake.release.set()
        fake.shutdown()
        thread.join()


def test_dropped_cut_off_and_busy_answers_are_survived(server: FakeHttpServer) -> None:
    server.behaviours = [drop, busy, cut_off]
    pauses: list[float] = []

    with InferenceClient(server.url, sleep=pauses.append, chance=lambda: 0.0) as client:
        results = client.classify(["a", "b"])

    assert [result.tokens for result in results] == [3, 3]
    assert pauses == [0.2, 7.0, 0.8]


def test_a_server_that_says_nothing_meets_the_timeout(server: FakeHttpServer) -> None:
    server.behaviours = [server.hang]
    pauses: list[float] = []

    with InferenceClient(server.url, seconds=SHORT, sleep=pauses.append) as client:
        results = client.classify(["a"])

    assert len(results) == 1
    assert len(pauses) == 1


def test_a_server_that_stays_silent_is_given_up(server: FakeHttpServer) -> None:
    server.behaviours = [server.hang] * 2
    policy = RetryPolicy(attempts=2)

    with (
        InferenceClient(server.url, seconds=SHORT, retry=policy, sleep=lambda _: None) as client,
        pytest.raises(InferenceUnreachableError, match="no whole answer within"),
    ):
        client.classify(["a"])


def test_a_server_that_stays_busy_is_given_up(server: FakeHttpServer) -> None:
    server.behaviours = [busy] * 9
    pauses: list[float] = []

    with (
        InferenceClient(server.url, sleep=pauses.append, chance=lambda: 0.0) as client,
        pytest.raises(InferenceBusyError) as caught,
    ):
        client.classify(["a"])

    assert caught.value.retry_after == 7.0
    assert pauses == [7.0] * 4


def test_a_server_that_is_not_there_is_unreachable() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with (
        InferenceClient(url, retry=RetryPolicy(attempts=2), sleep=lambda _: None) as client,
        pytest.raises(InferenceUnreachableError, match="ConnectError"),
    ):
        client.classify(["a"])

    with InferenceClient(url) as client:
        assert not client.ready()
