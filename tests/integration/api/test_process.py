"""`python -m api` serves, stops when told, and says in one line why it cannot serve."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.deployment import SECONDS, Deployment

pytestmark = pytest.mark.integration


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment whose inference server is away: nothing listens on port 9 (discard)."""
    with Deployment(tmp_path, QUEUE_URL="", INFERENCE_URL="http://127.0.0.1:9") as one:
        yield one


def refused(deployment: Deployment, **settings: str) -> str:
    """Run the service with settings it cannot serve with, and return its one line of output."""
    ended = subprocess.run(
        [sys.executable, "-m", "api"],
        env={**deployment.environment, **settings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def test_keys_and_pepper_must_both_be_there(deployment: Deployment) -> None:
    pepper = {"API_KEY_PEPPER": "a pepper for tests only"}
    open_to_all = {"API_HOST": "0.0.0.0", **pepper}  # noqa: S104  refused

    assert "python -m api.keys create" in refused(deployment, **open_to_all)

    make = [sys.executable, "-m", "api.keys", "create", "x", "--scope", "admin"]
    env = {**deployment.environment, **open_to_all}
    made = subprocess.run(make, env=env, capture_output=True, text=True, timeout=SECONDS)
    assert made.returncode == 0
    assert "API_KEY_PEPPER" in refused(deployment)

    deployment.start_api(**pepper)
    key = {"X-API-Key": made.stdout.strip()}
    assert deployment.http.get("/v1/users/alice").status_code == 401
    assert deployment.http.get("/v1/users/alice", headers=key).status_code == 404


def test_what_keeps_it_from_serving_is_named(deployment: Deployment) -> None:
    blocked = deployment.folder / "data"
    blocked.write_text("in the way", encoding="utf-8")

    assert "API_PORT" in refused(deployment, API_PORT="80000")
    assert str(blocked) in refused(deployment, DATA_DIR=str(blocked))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(deployment, API_PORT=port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_an_analysis_and_its_events_open(
    deployment: Deployment, number: signal.Signals
) -> None:
    process = deployment.start_api()
    deployment.import_posts("alice", 1)
    analysis_id = deployment.start_analysis("alice")
    with deployment.http.stream("GET", f"/v1/analyses/{analysis_id}/events") as stream:
        next(stream.iter_text())

        process.send_signal(number)

        assert process.wait(SECONDS) == 0

    assert "put back in the queue" in deployment.log()
    assert "Traceback" not in deployment.log()


def test_it_is_small_when_idle_and_answers_a_broken_request_with_a_problem_document(
    deployment: Deployment,
) -> None:
    process = deployment.start_api()
    resident = psutil.Process(process.pid).memory_info().rss

    with socket.create_connection(("127.0.0.1", deployment.api_port), SECONDS) as line:
        line.sendall(b"NONSENSE\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(4096), b""))

    assert resident < 150 * 1024**2
    assert b"400 Bad Request" in answer
    assert b"application/problem+json" in answer
