"""Two teams on one real server: one floods it, the other is served all the same."""

import statistics
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.support.serving.started import Started, started_server

pytestmark = [pytest.mark.long, pytest.mark.integration, pytest.mark.slow]

SECRETS = {"flood": "0123456789abcdef", "other": "fedcba9876543210"}
FLOODING_CLIENTS = 24
FLOOD = ["dog " * 60] * 64


class Team:
    """Sends requests with its key, and keeps each answer's status and seconds."""

    def __init__(self, server: Started, name: str) -> None:
        self._url = f"{server.url}/v1/classify"
        self._headers = {"authorization": f"Bearer {SECRETS[name]}"}
        self.statuses: list[int] = []
        self.seconds: list[float] = []

    def send(self, client: httpx.Client, texts: list[str]) -> None:
        began = time.monotonic()
        response = client.post(self._url, json={"texts": texts}, headers=self._headers)
        self.statuses.append(response.status_code)
        if response.status_code == 200:
            self.seconds.append(time.monotonic() - began)

    def send_until(self, enough: threading.Event) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not enough.is_set():
                self.send(client, FLOOD)


def test_a_team_that_floods_the_server_is_refused_and_delays_nobody_else(
    tiny_model: Path, tmp_path: Path
) -> None:
    settings = {
        "SERVING_KEYS": ",".join(f"{name}:{secret}" for name, secret in SECRETS.items()),
        "SERVING_QUEUE_TEXTS": "1024",
        "SERVING_CACHE_TEXTS": "0",
        "SERVING_THREADS": "1",
    }
    with started_server(tiny_model, tmp_path, **settings) as server:
        flood, other = Team(server, "flood"), Team(server, "other")
        enough = threading.Event()
        clients = [
            threading.Thread(target=flood.send_until, args=(enough,))
            for _ in range(FLOODING_CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            with httpx.Client(trust_env=False, timeout=60) as client:
                while len(other.statuses) < 40 or 429 not in flood.statuses:
                    other.send(client, ["a quiet morning"])
                other.send(client, ["a quiet morning"] * 256)
        finally:
            enough.set()
            for one in clients:
                one.join(60)

    assert set(other.statuses) == {200}
    assert 429 in flood.statuses
    assert statistics.median(other.seconds) < statistics.median(flood.seconds) / 2
