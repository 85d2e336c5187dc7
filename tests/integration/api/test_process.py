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

    assert "API_KEY_PEPPER" in refused(deployment, API_HOST="0.0.0.0")  # noqa: S104  refused
    assert make_first_key(deployment, **pepper).returncode == 0
    assert "API_KEY_PEPPER" in refused(deployment)


def test_a_fresh_service_refuses_every_call_until_one_command_makes_the_first_key(
    deployment: Deployment,
) -> None:
    pepper = {"API_KEY_PEPPER": "a pepper for tests only"}
    deployment.start_api(**pepper)

    before = deployment.http.get("/v1/users/alice", headers={"X-API-Key": "any.key"})
    made = make_first_key(deployment, **pepper)
    again = make_first_key(deployment, **pepper)

    assert before.status_code == 401
    assert "python -m api.keys first" in deployment.log()
    key = {"X-API-Key": made.stdout.strip()}
    assert deployment.http.get("/v1/users/alice", headers=key).status_code == 404
    assert (again.returncode, again.stdout) == (1, "")
    assert "API keys already" in again.stderr


def make_first_key(deployment: Deployment, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.keys", "first"],
        env={**deployment.environment, **settings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_names_in_the_env_file_that_nothing_reads_are_said_at_start(
    deployment: Deployment,
) -> None:
    (deployment.folder / ".env").write_text(
        "POST_RETENTION_DAYS=7\nX_POST_PRICE=0.5\nRATE_LIMIT=9/hour\nLOG_LEVEL=info\n"
        "SERVING_THREADS=2\nAPI_KEY_PEPPER=hidden-hidden-hidden\n",
        encoding="utf-8",
    )

    deployment.start_api(cwd=deployment.folder, RATE_LIMIT="10/hour")

    log = deployment.log()
    assert "POST_RETENTION_DAYS is no setting; is POSTS_RETENTION_DAYS meant?" in log
    assert "X_POST_PRICE is not in the environment" in log
    assert "RATE_LIMIT has another value" in log
    assert "API_KEY_PEPPER is not in the environment" in log
    assert "hidden" not in log
    assert "LOG_LEVEL" not in log
    assert "SERVING_THREADS" not in log


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
