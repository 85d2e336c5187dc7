from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.serving.started import Started, started_server
from tests.support.serving.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    home = tmp_path_factory.mktemp("server")
    # Without a cache, so that what a test counts does not hang on the tests before it.
    settings = {"SERVING_DEADLINE_SECONDS": "10", "SERVING_CACHE_TEXTS": "0"}
    with started_server(tiny_model, home, **settings) as started:
        yield started


@pytest.fixture(scope="session")
def http(server: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield client
