"""Readiness names each dependency, Redis too where it is configured."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.adapters.redis_probe import redis_probe
from api.runtime.processes import free_port
from api.settings import Settings
from tests.integration.api.conftest import open_house
from tests.support.fakes import MemoryStore

SECONDS = 20.0


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Start a Redis server of one's own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: what needs Redis is NOT tested")
    port = free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    ready = redis_probe(f"redis://127.0.0.1:{port}/0")
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert server.poll() is None
        assert time.monotonic() < deadline
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(SECONDS)


def dependencies(settings: Settings) -> tuple[int, dict[str, bool]]:
    probes = {"redis": redis_probe(settings.redis_url)}
    with open_house(MemoryStore(), settings, probes=probes) as house:
        answer = house.client.get("/readyz")
    return answer.status_code, answer.get_json()["dependencies"]


def test_a_redis_that_is_away_is_named(settings: Settings) -> None:
    # Nothing listens on port 9 (discard) of a usual machine.
    status, found = dependencies(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"}))

    assert status == 503
    assert found == {"store": True, "inference": True, "redis": False}


@pytest.mark.integration
def test_a_redis_that_answers_is_ready(settings: Settings, redis_url: str) -> None:
    status, found = dependencies(settings.model_copy(update={"redis_url": redis_url}))

    assert status == 200
    assert found["redis"] is True


@pytest.mark.integration
def test_processes_share_their_counts_in_redis(settings: Settings, redis_url: str) -> None:
    limited = settings.model_copy(update={"redis_url": redis_url, "rate_limit": "3/hour"})
    with open_house(MemoryStore(), limited) as one, open_house(MemoryStore(), limited) as other:
        answers = [
            house.client.get("/v1/users/alice").status_code for house in (one, other, one, other)
        ]

    assert answers == [404, 404, 404, 429]
