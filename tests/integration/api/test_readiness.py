"""Readiness names each dependency, Redis too where it is configured."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.adapters.redis_probe import redis_probe
from api.settings import Settings
from tests.support.deployment import Deployment
from tests.support.fakes import MemoryStore
from tests.support.wired_service import wire_service


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with Deployment(tmp_path) as deployment:
        deployment.start_redis()
        yield deployment.redis_url


def dependencies(settings: Settings) -> tuple[int, dict[str, bool]]:
    probes = {"redis": redis_probe(settings.redis_url)}
    with wire_service(MemoryStore(), settings, probes=probes) as wired:
        answer = wired.client.get("/readyz")
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
    with wire_service(MemoryStore(), limited) as one, wire_service(MemoryStore(), limited) as other:
        answers = [
            wired.client.get("/v1/users/alice").status_code for wired in (one, other, one, other)
        ]

    assert answers == [404, 404, 404, 429]
