"""Wire a service with all three sources to servers on loopback that speak as they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet
from werkzeug.test import TestResponse

from api.bootstrap.adapters import Ports
from api.bootstrap.service import wire
from api.bootstrap.sources import wire_sources
from api.ports.store import Store
from api.post_files.detection import FormatDetection
from api.settings import read_settings
from tests.integration.api.conftest import ClosingClient, House
from tests.support.fakes import FakeClock, FakeEmotionClient
from tests.support.servers import BlueskyServer, MastodonServer, XServer
from tests.support.servers.x import BEARER, CLIENT_ID, CLIENT_SECRET, Account

REDIRECT = "http://127.0.0.1:8000/v1/sign-in/x/callback"
KEY = Fernet.generate_key().decode()


class Town:
    """Hold a service with all three sources, and the servers that they read."""

    def __init__(self, store: Store, folder: Path, **more: str) -> None:
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
        emotions = FakeEmotionClient()
        self.keys = store
        ports = Ports(
            store,
            emotions,
            FormatDetection(self.clock),
            self.sources.by_name,
            self.clock,
            store.close,
            self.keys,
            self.sources.sign_in,
            self.sources.sealer,
        )
        service = wire(ports, settings)
        service.app.test_client_class = ClosingClient
        self.house = House(service, store, emotions, service.app.test_client())

    def stop(self) -> None:
        self.house.service.begin_stop()
        assert self.house.service.workers.stop(5)
        self.sources.close()
        for server in (self.x, self.bluesky, self.mastodon):
            server.stop()

    def analysed(self, user_name: str, source: str, **body: Any) -> dict[str, Any]:
        """Analyse from a source to the end, and return the analysis."""
        started = self.house.start(user_name, source=source, **body)
        assert started.status_code == 202, started.text
        self.house.work()
        answer = self.house.client.get(started.headers["Location"])
        document: dict[str, Any] = answer.get_json()
        return document

    def go_to_x(self) -> dict[str, str]:
        """Begin to sign in; return what X is asked."""
        sent = self.house.client.get("/v1/sign-in/x")
        assert sent.status_code == 303, sent.text
        asked = parse_qs(urlsplit(sent.headers["Location"]).query)
        return {name: value for name, (value,) in asked.items()}

    def come_back(self, asked: dict[str, str], *, name: str = "ana", **change: str) -> TestResponse:
        """Let the person agree at X, and come back from there."""
        self.x.codes["code-1"] = (asked["code_challenge"], asked["redirect_uri"], name)
        query = {"state": asked["state"], "code": "code-1", **change}
        return self.house.client.get("/v1/sign-in/x/callback", query_string=query)
