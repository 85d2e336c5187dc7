"""Raw bytes to the real server: what is no request, too much, too slow, or offers an upgrade."""

import contextlib
import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.serving.started import Started, started_server

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BODY = b'{"texts": ["a quiet morning"]}'
POST = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
H2C = b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"


@pytest.fixture(scope="module")
def server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with started_server(tiny_model, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A server whose deadlines a test can wait for."""
    home = tmp_path_factory.mktemp("hasty")
    with started_server(tiny_model, home, SERVING_RECEIVE_SECONDS="0.5") as server:
        yield server


def connected(server: Started) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def until_closed(connection: socket.socket) -> bytes:
    """Return all that comes; a reset counts as an end, as it may follow a refusal."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def answers(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Return status and body of so many answers that come one after the other."""
    reader = connection.makefile("rb")
    found = []
    for _ in range(count):
        status = int(reader.readline().split()[1])
        length = 0
        while (line := reader.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        found.append((status, reader.read(length)))
    return found


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "offer",
    [
        b"Connection: Upgrade, HTTP2-Settings\r\n" + H2C,
        b"connection: upgrade\r\nupgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        b"Connection: keep-alive\r\nConnection: UPGRADE\r\nUPGRADE: TLS/1.0, HTTP/9\r\n",
    ],
)
@pytest.mark.parametrize("framed", ["length", "chunked"])
def test_an_offered_upgrade_is_ignored_and_the_request_answered(
    server: Started, offer: bytes, framed: str
) -> None:
    if framed == "length":
        request = POST + offer + LENGTH + b"\r\n" + BODY
    else:
        request = POST + offer + CHUNKED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

    with connected(server) as connection:
        connection.sendall(request + LIVE)
        (first, classified), (second, _) = answers(connection, 2)

    assert (first, second) == (200, 200)
    assert len(json.loads(classified)) == 1


def test_an_offered_upgrade_is_ignored_however_the_request_is_cut(server: Started) -> None:
    request = POST + b"Connection: Upgrade, HTTP2-Settings\r\n" + H2C + LENGTH + b"\r\n" + BODY

    with connected(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.send(bytes([byte]))
        ((status, _),) = answers(connection, 1)

    assert status == 200


def test_upgrades_that_are_pipelined_are_all_answered(server: Started) -> None:
    one = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    with connected(server) as connection:
        connection.sendall(one * 100)
        found = answers(connection, 100)

    assert {status for status, _ in found} == {200}


@pytest.mark.parametrize(("version", "count"), [(b"1.1", 2), (b"1.0", 1)])
def test_a_body_is_asked_for_where_the_version_knows_how(
    server: Started, version: bytes, count: int
) -> None:
    head = (POST + LENGTH + b"Expect: 100-continue\r\n\r\n").replace(b"1.1", version)

    with connected(server) as connection:
        connection.sendall(head)
        asked = answers(connection, count - 1)
        connection.sendall(BODY)
        ((status, classified),) = answers(connection, 1)

    assert [status for status, _ in asked] == [100] * (count - 1)
    assert status == 200
    assert len(json.loads(classified)) == 1


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (POST + LENGTH + CHUNKED + b"\r\n0\r\n\r\n", 400),
        (POST + LENGTH + b"Content-Length: 1\r\n\r\n" + BODY, 400),
        (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked, x\r\n\r\n", 400),
        (POST + CHUNKED + b"\r\nzz\r\nx\r\n0\r\n\r\n", 400),
        (POST + CHUNKED + b"\r\n" + b"f" * 40 + b"\r\n", 400),
        (POST + b"No colon here\r\n\r\n", 400),
        (POST + b"Space before : x\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n", 405),
    ],
)
def test_what_is_no_request_is_refused_and_closed(
    server: Started, request_bytes: bytes, status: int
) -> None:
    with connected(server) as connection:
        connection.sendall(request_bytes)
        answer = until_closed(connection)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == status
    assert b"\r\nconnection: close" in head
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/1.1\r\nX: " + b"a" * 70_000,
        b"GET /livez HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000,
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n" + b"X: a\r\n" * 300 + b"\r\n",
        b"GET /livez HTTP/1.1\r\n" + b"X: a\r\n" * 20_000,
        LIVE * 3 + b"GET /livez HTTP/1.1\r\nX: " + b"a" * 400_000,
    ],
)
def test_a_head_that_is_too_large_is_refused(server: Started, head: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(head)
        answer = until_closed(connection)

    assert status_of(answer[answer.rindex(b"HTTP/1.1 ") :]) == 431
    assert answer.count(b"HTTP/1.1 200") == head.count(LIVE)


def test_a_head_of_64_megabytes_costs_the_others_nothing(server: Started) -> None:
    with connected(server) as connection, pytest.raises(ConnectionError):
        connection.sendall(b"GET /livez HTTP/1.1\r\nX: " + b"a" * (64 << 20))

    assert httpx.get(f"{server.url}/livez", trust_env=False).status_code == 200


def test_a_head_just_under_the_limit_is_taken(server: Started) -> None:
    with connected(server) as connection:
        connection.sendall(LIVE[:-2] + b"X: " + b"a" * 65_000 + b"\r\n\r\n")
        ((status, _),) = answers(connection, 1)

    assert status == 200


@pytest.mark.parametrize(
    "rest",
    [b"1;" + b"x" * 2_000_000, b"0\r\nx: " + b"a" * 2_000_000, b"0\r\n" + b"x: a\r\n" * 200_000],
    ids=["chunk extension", "trailer", "trailers"],
)
def test_what_is_in_a_body_but_no_content_is_bounded(server: Started, rest: bytes) -> None:
    with connected(server) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(POST + CHUNKED + b"\r\n" + rest)
        answer = until_closed(connection)

    assert answer == b"" or status_of(answer) == 400


def test_trailers_are_no_headers(server: Started) -> None:
    chunk = b"%x;name=value\r\n%b\r\n0\r\nX-Request-ID: late\r\n\r\n" % (len(BODY), BODY)

    with connected(server) as connection:
        connection.sendall(POST + CHUNKED + b"\r\n" + chunk + LIVE)
        found = answers(connection, 2)

    assert [status for status, _ in found] == [200, 200]


def test_bad_bytes_after_a_request_do_not_take_its_answer(server: Started) -> None:
    with connected(server) as connection:
        connection.sendall(POST + LENGTH + b"\r\n" + BODY + b"no request\r\n\r\n")
        answer = until_closed(connection)

    assert status_of(answer) == 200
    assert answer.count(b"HTTP/1.1 400") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /li", LIVE[:-1], POST + LENGTH, POST + b"X: ",  # a head
        POST + LENGTH + b"\r\n" + BODY[:-1], POST + LENGTH + b"\r\n",  # a body
        POST + CHUNKED + b"\r\n5\r\na",
    ],
)  # fmt: skip
def test_a_head_or_body_that_stops_coming_is_refused(hasty: Started, sent: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(sent)
        answer = until_closed(connection)

    assert status_of(answer) == 408


@pytest.mark.parametrize(
    "begun",
    [b"GET /livez HTTP/1.1\r\n", POST + b"Content-Length: 100000\r\n\r\n", LIVE + b"GET /livez"],
)
def test_a_byte_now_and_then_does_not_lengthen_a_deadline(hasty: Started, begun: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(begun)
        connection.settimeout(0.05)
        received = b""
        for _ in range(200):
            try:
                connection.send(b"a")
                chunk = connection.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            received += chunk
            if not chunk:
                break
        else:
            pytest.fail("the connection was never closed")

    assert b"HTTP/1.1 408" in received


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n"])
def test_a_connection_without_a_request_is_closed(hasty: Started, sent: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(sent)

        assert until_closed(connection) == b""


def test_an_unread_body_of_an_answered_request_has_a_deadline_too(hasty: Started) -> None:
    with connected(hasty) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = until_closed(connection)

    assert status_of(answer) == 404
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_flood_of_connections_leaves_room_for_others(tiny_model: Path, tmp_path: Path) -> None:
    with (
        started_server(tiny_model, tmp_path, SERVING_CONNECTIONS="20") as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
        contextlib.ExitStack() as idle,
    ):
        client.get("/livez")  # a kept connection, which idle ones do not push out
        first, *others = [idle.enter_context(connected(server)) for _ in range(110)]
        for connection in others[::2]:
            connection.sendall(b"GET /liv")

        kept = client.get("/livez")
        new = httpx.get(f"{server.url}/livez", trust_env=False)

        page = client.get("/metrics").text

        assert (kept.status_code, new.status_code) == (200, 200)
        assert until_closed(first) == b""
        assert 'moodline_serving_refused_connections_total{status="none"}' in page


def test_who_comes_when_every_connection_is_at_work_is_told_to_come_back(
    tiny_model: Path, tmp_path: Path
) -> None:
    many = json.dumps({"texts": ["dog " * 100 + str(number) for number in range(256)]}).encode()
    busy = POST + b"Content-Length: %d\r\n\r\n" % len(many) + many
    with (
        started_server(tiny_model, tmp_path, SERVING_CONNECTIONS="4") as server,
        contextlib.ExitStack() as open_ones,
    ):
        working = [open_ones.enter_context(connected(server)) for _ in range(4)]
        for connection in working:
            connection.sendall(busy)
        late = open_ones.enter_context(connected(server))
        refused = until_closed(late)
        taken = [answers(connection, 1)[0][0] for connection in working]
        page = httpx.get(f"{server.url}/metrics", trust_env=False).text

    assert status_of(refused) == 503
    assert b"\r\nretry-after: 1\r\n" in refused
    assert taken == [200] * 4
    assert 'moodline_serving_refused_connections_total{status="503"} 1.0' in page


def test_a_client_that_never_reads_its_answers_is_left(hasty: Started) -> None:
    many = json.dumps({"texts": ["a"] * 256}).encode()
    request = POST + b"Content-Length: %d\r\n\r\n" % len(many) + many
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request * 120)  # more than the kernel holds of the answers
        ended = select.poll()
        ended.register(connection, 0)

        assert ended.poll(20_000) == [(connection.fileno(), select.POLLERR | select.POLLHUP)]


def test_requests_sent_ahead_of_their_answers_are_bounded(server: Started) -> None:
    with connected(server) as connection:
        connection.sendall(LIVE * 1000)
        answer = until_closed(connection)

    statuses = [status_of(part) for part in answer.split(b"HTTP/1.1")[1:]]
    assert statuses.count(200) == len(statuses) - 1 >= 128
    assert statuses[-1] == 429
