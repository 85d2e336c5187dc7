"""`make run-distributed` runs all of it on one machine, and Ctrl-C stops all of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from api.runtime.processes import free_port
from tests.support.deployment import REDIS, SECONDS
from tests.support.serving.started import ROOT, wait_until

pytestmark = pytest.mark.integration

POSTS = ROOT / "api" / "demo" / "posts" / "ben_grey.csv"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start what the target starts, and return it with the address of its API."""
    if REDIS is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server): NOT TESTED")
    port = str(free_port())
    own = {"DATA_DIR": str(tmp_path), "STORE_URL": "", "QUEUE_URL": "", "API_PORT": port}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.distributed"],
        cwd=ROOT,
        env={**os.environ, **own, "SERVING_PORT": str(free_port()), "QUEUE_POLL_SECONDS": "600"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if "API docs" in line), None)
        assert line is not None, "it ended without a greeting"
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


def test_an_analysis_is_run_by_a_worker_and_ctrl_c_stops_every_process(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = running
    family = psutil.Process(process.pid).children(recursive=True)
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/v1/users/ben/posts", content=POSTS.read_bytes()).raise_for_status()
        started = client.post("/v1/analyses", json={"user_name": "ben", "consent": True})
        place = started.headers["Location"]
        wait_until(
            lambda: client.get(place).json()["state"] not in ("queued", "running"),
            SECONDS,
            "the analysis ends",
        )
        ended = client.get(place).json()

    process.send_signal(signal.SIGINT)
    code = process.wait(SECONDS)

    assert ended["state"] == "succeeded"
    assert ended["progress"]["classified"] == 40
    assert len(family) >= 5  # Redis, inference server, API, two workers
    assert code == 0
    assert [child for child in family if child.is_running()] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_every_process_ends_when_the_launcher_is_killed(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    process, _ = running
    family = psutil.Process(process.pid).children(recursive=True)

    process.kill()

    _, left = psutil.wait_procs(family, timeout=SECONDS)
    assert len(family) >= 5  # Redis, inference server, API, two workers
    assert left == []
