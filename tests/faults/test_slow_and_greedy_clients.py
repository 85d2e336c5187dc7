"""Clients without a key that send slowly, endlessly, ambiguously or too much harm nobody else.

Every test runs against the real processes of both launchers: `python -m api`, and gunicorn.
"""

import json
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.deployment import SECONDS, Deployment
from tests.support.serving.started import wait_until

pytestmark = pytest.mark.integration

PEPPER = "a pepper for tests only"
HEAD = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
IMPORT = b"POST /v1/users/alice/posts HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b'{"id": "1", "text": "a day", "created_at": "2026-01-01T00:00:00Z"}\n'
START = b'{"user_name": "alice", "consent": true}'
SLOW_HEAD = b"GET /livez HTTP/1.1\r\nHost: 127"
SLOW_BODY = IMPORT + b"Content-Length: 1000\r\n\r\n{"

Start = Callable[..., Deployment]


@pytest.fixture(params=["python -m api", "gunicorn"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Start an API without an inference server, by one launcher and then by the other."""
    with Deployment(tmp_path, QUEUE_URL="", INFERENCE_URL="http://127.0.0.1:9") as deployment:

        def started(**settings: str) -> Deployment:
            if request.param == "gunicorn":
                deployment.start_gunicorn(API_PROCESSES="1", **settings)
            else:
                deployment.start_api(**settings)
            return deployment

        yield started


def connect(deployment: Deployment) -> socket.socket:
    return socket.create_connection(("127.0.0.1", deployment.api_port), SECONDS)


def all_of(line: socket.socket) -> bytes:
    """Return all that the server sends until it closes the connection."""
    return b"".join(iter(lambda: line.recv(65_536), b""))


def answer_to(deployment: Deployment, request: bytes) -> bytes:
    """Return all that the server answers until it closes; the connection is not closed here."""
    with connect(deployment) as line:
        line.sendall(request)
        return all_of(line)


def was_closed(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def unread(line: socket.socket) -> int:
    """Return how many bytes that were sent the server has not yet taken from its socket."""
    port = f":{line.getsockname()[1]:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()]
    queues = [row[4] for row in rows if row[1].endswith(port) or row[2].endswith(port)]
    return sum(int(count, 16) for queue in queues for count in queue.split(":"))


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def key_for(deployment: Deployment, scope: str) -> str:
    command = [sys.executable, "-m", "api.keys", "create", "k", "--scope", scope, "--user", "alice"]
    env = {**deployment.environment, "API_KEY_PEPPER": PEPPER}
    made = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS)
    return made.stdout.strip()


def imported(deployment: Deployment, body: bytes) -> httpx.Response:
    return deployment.http.post("/v1/users/alice/posts", content=body)


def test_others_are_answered_beside_hundreds_of_idle_and_half_sent_requests(start: Start) -> None:
    deployment = start()
    with ExitStack() as stack:
        for begun in (b"", SLOW_HEAD, SLOW_BODY):
            for _ in range(200):
                line = stack.enter_context(connect(deployment))
                line.sendall(begun)

        with httpx.Client(timeout=SECONDS, trust_env=False) as stranger:
            alive = stranger.get(f"http://127.0.0.1:{deployment.api_port}/livez")
            done = imported(deployment, POST)

    assert alive.status_code == 200
    assert done.json()["own"] == 1


def test_when_connections_run_out_those_that_wait_make_room(start: Start) -> None:
    deployment = start(API_CONNECTIONS="20")
    with ExitStack() as stack:
        lines = [stack.enter_context(connect(deployment)) for _ in range(100)]
        for line in lines:
            with suppress(OSError):  # it has made room
                line.sendall(SLOW_HEAD)

        alive = httpx.get(f"http://127.0.0.1:{deployment.api_port}/livez", trust_env=False)
        left = [line for line in lines if not was_closed(line)]

    assert alive.status_code == 200
    assert len(left) <= 20


def test_what_is_not_sent_in_time_is_ended(start: Start) -> None:
    deployment = start(RECEIVE_SECONDS="0.2")

    assert answer_to(deployment, b"") == b""
    for begun in (SLOW_HEAD, SLOW_BODY):
        assert status_of(answer_to(deployment, begun)) == 408


def test_a_head_that_grows_is_refused_early_whatever_its_pieces(start: Start) -> None:
    deployment = start()
    with connect(deployment) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 66_000)
        refused = all_of(line)
    sent = 0
    with connect(deployment) as line, suppress(ConnectionError):
        line.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(64):
            sent += line.send(b"X: " + b"a" * 1_000_000 + b"\r\n")

    assert status_of(refused) == 431
    assert sent < 16 * 1024**2


def test_rates_are_of_the_client_that_a_trusted_proxy_names_and_of_no_other(start: Start) -> None:
    deployment = start(TRUSTED_PROXY="127.0.0.1", RATE_LIMIT="1/hour")

    def asked(address: str) -> int:
        return deployment.http.get(
            "/v1/users/alice", headers={"X-Forwarded-For": address}
        ).status_code

    assert [asked("192.0.2.1"), asked("192.0.2.1"), asked("192.0.2.2")] == [404, 429, 404]


def test_a_body_is_asked_for_only_once_key_and_scope_are_right(start: Start) -> None:
    deployment = start(API_KEY_PEPPER=PEPPER)
    reads = f"X-API-Key: {key_for(deployment, 'read')}\r\n".encode()

    for key, status in ((b"", 401), (reads, 403)):
        for length in (b"Content-Length: 900000", b"Transfer-Encoding: chunked"):
            asked = IMPORT + key + b"Expect: 100-continue\r\n" + length + b"\r\n\r\n"
            answer = answer_to(deployment, asked)

            assert status_of(answer) == status
            assert b"Connection: close" in answer


def test_a_body_is_not_waited_for_where_it_is_declared_too_large_or_no_route_takes_it(
    start: Start,
) -> None:
    deployment = start(MAX_IMPORT_BYTES="100000")
    length = b"Content-Length: 900000\r\n\r\n"

    too_large = answer_to(deployment, IMPORT + length)
    nowhere = answer_to(deployment, b"POST /v1/nothing HTTP/1.1\r\n" + HEAD + length)

    assert status_of(too_large) == 413
    assert status_of(nowhere) == 404


def test_a_call_counts_once_against_its_rate_and_past_it_no_body_is_waited_for(
    start: Start,
) -> None:
    deployment = start(WORK_RATE_LIMIT="2/hour")

    done = []
    for _ in range(2):
        with connect(deployment) as line:
            line.sendall(IMPORT + b"Connection: close\r\nContent-Length: %d\r\n" % len(POST))
            line.sendall(b"Expect: 100-continue\r\n\r\n")
            continues = line.recv(1000)
            line.sendall(POST)
            done.append((continues, status_of(all_of(line))))
    refused = answer_to(deployment, IMPORT + b"Content-Length: 900000\r\n\r\n")

    assert done == [(b"HTTP/1.1 100 Continue\r\n\r\n", 200)] * 2
    assert status_of(refused) == 429


def test_every_request_of_a_connection_is_told_once_to_send_its_body(start: Start) -> None:
    deployment = start()
    head = IMPORT + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(POST)

    told = []
    with connect(deployment) as line:
        for _ in range(50):
            line.sendall(head)
            told.append(line.recv(1000))
            line.sendall(POST)
            answer = b""
            while not answer.endswith(b"}\n") and (more := line.recv(65_536)):
                answer += more
            assert status_of(answer) == 200

    assert told == [b"HTTP/1.1 100 Continue\r\n\r\n"] * 50


def test_all_bodies_together_are_bounded_and_those_that_end_make_room(start: Start) -> None:
    deployment = start(MAX_SPOOL_BYTES="1000000", MAX_IMPORT_BYTES="1000000")
    more = POST * 3000
    refusals: list[httpx.Response] = []

    def refused() -> bool:
        answer = imported(deployment, more)
        refusals.append(answer)
        return answer.status_code == 503

    with connect(deployment) as line:
        line.sendall(IMPORT + b"Content-Length: 990000\r\n\r\n" + b" " * 900_000)
        # Whichever body comes last is refused, and that should not be this one.
        wait_until(lambda: unread(line) == 0, SECONDS, "the body is held")
        wait_until(refused, SECONDS, "the bodies find no room")

    assert refusals[-1].json()["type"] == "/problems/no-room"
    assert int(refusals[-1].headers["Retry-After"]) > 0
    wait_until(lambda: not refused(), SECONDS, "there is room again")


BROKEN = {
    "two ways to tell the length": (
        # Right if only one of the two counted: it must not be the body that is refused.
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(START), len(START), START)
    ),
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "5,000 digits": b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "no chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk without its end": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    "an endless extension": b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 20_000,
    "endless trailers": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 4000,
    "chunks of a byte": b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 20_000,
}


def test_an_ambiguous_or_broken_body_is_refused_and_the_connection_closed(start: Start) -> None:
    deployment = start()

    for what, rest in BROKEN.items():
        with connect(deployment) as line:
            with suppress(ConnectionError):  # it was refused before all was sent
                line.sendall(b"POST /v1/analyses HTTP/1.1\r\n" + HEAD + rest)
            answer = all_of(line)

        head, _, body = answer.partition(b"\r\n\r\n")
        assert status_of(answer) == 400, what
        assert b"application/problem+json" in head, what
        assert json.loads(body)["status"] == 400, what
    assert "Traceback" not in deployment.log()


def test_a_full_disk_for_temporary_files_is_told_and_the_service_goes_on(start: Start) -> None:
    deployment = start()
    started = psutil.Process(deployment.processes[0].pid)
    for process in (started, *started.children()):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    refused = imported(deployment, b" " * 4_000_000)
    taken = imported(deployment, POST)

    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/no-room"
    assert taken.status_code == 200
