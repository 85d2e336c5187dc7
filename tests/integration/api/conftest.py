"""Wire the whole app on a fake inference server, on SQLite."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.bootstrap.adapters import Ports
from api.bootstrap.service import Service, wire
from api.post_files.detection import FormatDetection
from api.settings import Settings
from api.stores.sqlite import SqliteStore
from tests.support.fakes import FailingStore, FakeEmotionClient

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ClosingClient(FlaskClient):
    """Read each answer to its end and close it, unless a test asks to stream it."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **kwargs)


@dataclass
class House:
    """Hold a wired service whose workers stand still until told to work."""

    service: Service
    store: FailingStore | SqliteStore
    emotions: FakeEmotionClient
    client: FlaskClient

    def work(self) -> None:
        """Run every analysis that waits, in this thread."""
        while self.service.runner.run():
            pass

    def import_lines(self, user_name: str, *lines: Any) -> TestResponse:
        body = "\n".join(json.dumps(line) for line in lines)
        return self.client.post(
            f"/v1/users/{user_name}/posts", data=body, content_type="application/x-ndjson"
        )

    def import_posts(self, user_name: str, count: int, word: str = "joy") -> TestResponse:
        return self.import_lines(user_name, *(post_line(n, word) for n in range(count)))

    def start(self, user_name: str, **body: Any) -> TestResponse:
        asked = {"user_name": user_name, "consent": True, **body}
        return self.client.post("/v1/analyses", json=asked)

    def analysed(self, user_name: str, word: str = "joy") -> str:
        """Import, analyse to the end, and return the id of the analysis."""
        self.import_posts(user_name, 5, word)
        analysis_id: str = self.start(user_name).get_json()["analysis_id"]
        self.work()
        return analysis_id


def post_line(number: int, word: str = "joy", **more: Any) -> dict[str, Any]:
    """Return a post as a line of a JSON-lines file."""
    return {
        "id": str(number),
        "text": f"post {number} full of {word}",
        "created_at": f"2026-02-{number % 28 + 1:02d}T10:00:00Z",
        **more,
    }


def problem(response: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """Return the problem document of a response that has this status and kind."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    assert set(document) == {"type", "title", "status", "detail", "trace_id", "errors"}
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["trace_id"] == response.headers["X-Request-Id"]
    return document


def upload(data: bytes, name: str) -> dict[str, Any]:
    """Return the arguments of a form that holds one file."""
    return {"data": {"file": (io.BytesIO(data), name)}, "content_type": "multipart/form-data"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    """A SQLite store that can be made to fail."""
    opened = FailingStore(SqliteStore(tmp_path / "moodline.db"))
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Keep everything small and quick."""
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


@contextmanager
def open_house(
    store: FailingStore | SqliteStore,
    settings: Settings,
    probes: Mapping[str, Callable[[], bool]] | None = None,
) -> Iterator[House]:
    """Wire the service; its workers are stopped at the end where a test started them."""
    emotions = FakeEmotionClient()
    ports = Ports(
        store,
        emotions,
        FormatDetection(lambda: NOW),
        {},
        lambda: NOW,
        store.close,
        store,
        probes=probes or {},
    )
    service = wire(ports, settings)
    service.app.test_client_class = ClosingClient
    yield House(service, store, emotions, service.app.test_client())
    service.begin_stop()
    assert service.workers.stop(5)


@pytest.fixture
def house(store: FailingStore, settings: Settings) -> Iterator[House]:
    """Open a house that asks for no keys."""
    with open_house(store, settings) as opened:
        yield opened
