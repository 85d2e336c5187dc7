"""Fixtures of the API's integration tests: a store, settings and wired services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from api.stores.sqlite import SqliteStore
from tests.support.fakes import FailingStore
from tests.support.wired_service import ServiceWithSources, WiredService, wire_service


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    """A SQLite store that can be made to fail."""
    opened = FailingStore(SqliteStore(tmp_path / "moodline.db"))
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with small limits and short waits."""
    return Settings(
        data_dir=tmp_path,
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
    """A wired service that asks for no keys."""
    with wire_service(store, settings) as opened:
        yield opened


@pytest.fixture
def service(store: FailingStore, tmp_path: Path) -> Iterator[ServiceWithSources]:
    """A service with all three sources."""
    service = ServiceWithSources(store, tmp_path)
    yield service
    service.stop()
