from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.serving.started import SCHEDULERS, Started, started_server
from tests.support.serving.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session", params=SCHEDULERS)
def server(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Started]:
    home = tmp_path_factory.mktemp("server")
    settings = {
        "SERVING_SCHEDULER": request.param,
        "SERVING_DEADLINE_SECONDS": "10",
        # Without a cache, so that what a test counts does not depend on the tests before it.
        "SERVING_CACHE_TEXTS": "0",
    }
    with started_server(tiny_model, home, **settings) as started:
        yield started


@pytest.fixture(scope="session")
def http(server: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield client
