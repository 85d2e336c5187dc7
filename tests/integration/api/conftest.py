"""Fixtures of the API's integration tests: a store, settings and wired services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from tests.support.fakes import FailingStore, MemoryStore
from tests.support.wired_service import ServiceWithSources, WiredService, wire_service


@pytest.fixture
def store() -> Iterator[FailingStore]:
    """A store in memory that can be made to fail."""
    opened = FailingStore()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        chunk_posts=4,
        inference_retry_seconds=0.0,
        queue_poll_seconds=0.02,
        event_poll_seconds=0.01,
        event_heartbeat_seconds=0.05,
        long_call_seconds=20.0,
        long_calls=2,
        max_import_bytes=100_000,
        max_body_bytes=2_000,
    )


@pytest.fixture
def wired(store: FailingStore, settings: Settings) -> Iterator[WiredService]:
    with wire_service(store, settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared(settings: Settings) -> Iterator[WiredService]:
    """A wired service for all tests whose calls change nothing; making one takes a while."""
    with wire_service(MemoryStore(), settings) as opened:
        yield opened


@pytest.fixture
def service(store: FailingStore, tmp_path: Path) -> Iterator[ServiceWithSources]:
    service = ServiceWithSources(store, tmp_path)
    yield service
    service.stop()
