"""The API wired on a SQLite store and a fake inference server, with or without real sources."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.bootstrap.adapters import Ports
from api.bootstrap.service import Service, wire
from api.bootstrap.sources import WiredSources, wire_sources
from api.ports.clock import Clock
from api.post_files.opening import DialectPostFiles
from api.settings import Settings, read_settings
from api.stores.sqlite import SqliteStore
from tests.support.fakes import (
    FailingStore,
    FakeClock,
    FakeEmotionClient,
    FakeLanguageDetector,
)
from tests.support.servers import BlueskyServer, MastodonServer, XServer
from tests.support.servers.x import BEARER, CLIENT_ID, CLIENT_SECRET, Account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REDIRECT = "http://127.0.0.1:8000/v1/sign-in/x/callback"
KEY = Fernet.generate_key().decode()


class ClosingClient(FlaskClient):
    """Test client that reads and closes each response, unless a test asks to stream it."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **kwargs)


@dataclass
class WiredService:
    """A wired service whose workers do nothing until work() or service.start() is called."""

    service: Service
    store: FailingStore | SqliteStore
    emotions: FakeEmotionClient
    languages: FakeLanguageDetector
    client: FlaskClient

    def work(self) -> None:
        """Run every queued analysis in this thread."""
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
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    assert set(document) == {"type", "title", "status", "detail", "trace_id", "errors"}
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["trace_id"] == response.headers["X-Request-Id"]
    return document


def upload(data: bytes, name: str) -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(data), name)}, "content_type": "multipart/form-data"}


def _wired(
    store: FailingStore | SqliteStore,
    settings: Settings,
    clock: Clock,
    sources: WiredSources,
    probes: Mapping[str, Callable[[], bool]],
) -> WiredService:
    emotions, languages = FakeEmotionClient(), FakeLanguageDetector()
    ports = Ports(
        store,
        emotions,
        languages,
        DialectPostFiles(clock),
        sources.by_name,
        clock,
        store.close,
        keys=store,
        sign_in=sources.sign_in,
        sealer=sources.sealer,
        probes=probes,
    )
    service = wire(ports, settings)
    service.app.test_client_class = ClosingClient
    return WiredService(service, store, emotions, languages, service.app.test_client())


@contextmanager
def wire_service(
    store: FailingStore | SqliteStore,
    settings: Settings,
    probes: Mapping[str, Callable[[], bool]] | None = None,
) -> Iterator[WiredService]:
    """Wire a service without sources; workers that a test started are stopped at the end."""
    wired = _wired(store, settings, lambda: NOW, WiredSources(), probes or {})
    yield wired
    assert wired.service.workers.stop(5)


class ServiceWithSources:
    """A wired service with all three sources, and the servers on loopback that they read."""

    def __init__(self, store: FailingStore | SqliteStore, folder: Path, **more: str) -> None:
        self.x, self.bluesky, self.mastodon = XServer(), BlueskyServer(), MastodonServer()
        self.x.accounts["ana"] = Account("42", "ana")
        self.clock = FakeClock()
        settings = read_settings(
            {
                "DATA_DIR": str(folder),
                "SOURCE_TIMEOUT_SECONDS": "2",
                "INFERENCE_RETRY_SECONDS": "0",
                "X_API_URL": self.x.url,
                "X_CLIENT_ID": CLIENT_ID,
                "X_CLIENT_SECRET": CLIENT_SECRET,
                "X_REDIRECT_URI": REDIRECT,
                "SIGN_IN_KEY": KEY,
                "X_BEARER_TOKEN": BEARER,
                "X_OWN_ACCOUNTS": "Ana",
                "BLUESKY_URL": self.bluesky.url,
                "BLUESKY_OWN_ACCOUNTS": "ana.bsky.social",
                "MASTODON_URL": self.mastodon.url,
                "MASTODON_OWN_ACCOUNTS": "*",
                **more,
            }
        )
        self.sources = wire_sources(settings, self.clock)
        self.wired = _wired(store, settings, self.clock, self.sources, {})

    def stop(self) -> None:
        assert self.wired.service.workers.stop(5)
        for server in (self.x, self.bluesky, self.mastodon):
            server.stop()

    def analysed(self, user_name: str, source: str, **body: Any) -> dict[str, Any]:
        """Analyse from a source to the end, and return the analysis."""
        started = self.wired.start(user_name, source=source, **body)
        assert started.status_code == 202, started.text
        self.wired.work()
        answer = self.wired.client.get(started.headers["Location"])
        document: dict[str, Any] = answer.get_json()
        return document

    def go_to_x(self) -> dict[str, str]:
        """Begin to sign in; return the query that X is sent."""
        sent = self.wired.client.get("/v1/sign-in/x")
        assert sent.status_code == 303, sent.text
        asked = parse_qs(urlsplit(sent.headers["Location"]).query)
        return {name: value for name, (value,) in asked.items()}

    def come_back(self, asked: dict[str, str], *, name: str = "ana", **change: str) -> TestResponse:
        """Agree at X, and follow its redirect back."""
        self.x.codes["code-1"] = (asked["code_challenge"], asked["redirect_uri"], name)
        query = {"state": asked["state"], "code": "code-1", **change}
        return self.wired.client.get("/v1/sign-in/x/callback", query_string=query)
