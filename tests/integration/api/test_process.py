"""`python -m api` serves, stops when told, and says in one line why it cannot serve."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from api.runtime.processes import free_port
from tests.integration.api.conftest import post_line

pytestmark = pytest.mark.integration

SECONDS = 30.0


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    # Nothing listens on port 9 (discard) of a usual machine: the inference server is away.
    own = {"DATA_DIR": str(data_dir), "INFERENCE_URL": "http://127.0.0.1:9", **variables}
    return {**os.environ, "API_PORT": str(free_port()), **own}


def refused(env: dict[str, str]) -> str:
    """Run the service where it cannot serve, and return the one line that it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "api"], env=env, capture_output=True, text=True, timeout=SECONDS
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@contextmanager
def serving(env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "api"], env=env, stderr=subprocess.PIPE, text=True
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{env['API_PORT']}", trust_env=False)
    try:
        deadline = time.monotonic() + SECONDS
        while not answers(client):
            assert process.poll() is None
            assert time.monotonic() < deadline
        yield process, client
    finally:
        client.close()
        process.kill()
        process.communicate()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    assert "API_PORT" in refused(environment(tmp_path, API_PORT="80000"))


def test_an_address_open_to_the_network_is_refused(tmp_path: Path) -> None:
    assert "API_HOST" in refused(environment(tmp_path, API_HOST="0.0.0.0"))  # noqa: S104  refused


def test_keys_and_pepper_must_both_be_there(tmp_path: Path) -> None:
    pepper = {"API_KEY_PEPPER": "a pepper for tests only"}
    env = environment(tmp_path, API_HOST="0.0.0.0", **pepper)  # noqa: S104  refused

    assert "python -m api.keys create" in refused(env)

    make = [sys.executable, "-m", "api.keys", "create", "x", "--scope", "admin"]
    made = subprocess.run(make, env=env, capture_output=True, text=True, timeout=SECONDS)
    assert made.returncode == 0
    assert "API_KEY_PEPPER" in refused(environment(tmp_path))

    key = {"X-API-Key": made.stdout.strip()}
    with serving(environment(tmp_path, **pepper)) as (_, client):
        assert client.get("/v1/users/alice").status_code == 401
        assert client.get("/v1/users/alice", headers=key).status_code == 404


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        line = refused(environment(tmp_path, API_PORT=port))

    assert port in line


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("in the way", encoding="utf-8")

    assert str(blocked) in refused(environment(blocked))


def test_it_is_small_when_idle(tmp_path: Path) -> None:
    with serving(environment(tmp_path)) as (process, _):
        resident = psutil.Process(process.pid).memory_info().rss

    assert resident < 150 * 1024**2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_an_analysis_and_its_events_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    import_line = str(post_line(1)).replace("'", '"')

    with serving(environment(tmp_path)) as (process, client):
        client.post("/v1/users/alice/posts", content=import_line)
        started = client.post("/v1/analyses", json={"user_name": "alice", "consent": True})
        place = started.headers["Location"]
        with client.stream("GET", f"{place}/events") as stream:
            next(stream.iter_text())

            process.send_signal(number)

            _, log = process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert "put back in the queue" in log
    assert "Traceback" not in log


def test_what_never_reaches_the_app_is_answered_with_a_problem_document(tmp_path: Path) -> None:
    env = environment(tmp_path)

    with serving(env), socket.create_connection(("127.0.0.1", int(env["API_PORT"]))) as line:
        line.settimeout(SECONDS)
        line.sendall(b"NONSENSE\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(4096), b""))

    assert b"400 Bad Request" in answer
    assert b"application/problem+json" in answer
