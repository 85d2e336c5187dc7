"""Real processes of the distributed service, each of which a test may kill: Redis, API, workers."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.support.servers.inference import InferenceServer
from tests.support.serving.started import ROOT, free_port, wait_until

SECONDS = 60.0
REDIS = shutil.which("redis-server")


class Deployment:
    """The processes of one deployment and their folder; a context manager, which ends them all."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.inference = InferenceServer()
        self.folder = folder
        (folder / "log").touch()
        self.redis_port = free_port()
        self.api_port = free_port()
        self.store_file = folder / "moodline.db"
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.api_port}", timeout=SECONDS, trust_env=False
        )
        self.processes: list[subprocess.Popen[bytes]] = []
        self.launcher: tuple[str, ...] = ()  # a module that starts the API and the workers
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "STORE_URL": "",
            "API_PORT": str(self.api_port),
            "INFERENCE_URL": self.inference.url,
            "QUEUE_URL": self.redis_url,
            "LEASE_SECONDS": "1",
            "QUEUE_POLL_SECONDS": "0.2",
            "CHUNK_POSTS": "10",
            **settings,
        }

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.http.close()
        self.inference.stop()

    def start_redis(self) -> subprocess.Popen[bytes]:
        """Start Redis, or skip the test if it is not installed."""
        if REDIS is None:
            pytest.skip("redis-server is not installed (apt-get install redis-server): NOT TESTED")
        started = self._start([
            REDIS, "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", str(self.folder),
        ])  # fmt: skip
        with self.redis() as client:
            wait_until(lambda: answers(client), SECONDS, "Redis answers")
        return started

    def start_api(self, *, cwd: Path = ROOT, **settings: str) -> subprocess.Popen[bytes]:
        started = self._start([sys.executable, "-m", *self.launcher, "api"], settings, cwd)
        wait_until(self.api_answers, SECONDS, "the API answers")
        return started

    def run(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start an API by a command of the caller."""
        started = self._start(command)
        wait_until(self.api_answers, SECONDS, "the API answers")
        return started

    def launch_gunicorn(self, **settings: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "gunicorn", "--config", "python:api.gunicorn_conf"]
        return self._start(command, settings)

    def start_gunicorn(self, **settings: str) -> subprocess.Popen[bytes]:
        started = self.launch_gunicorn(**settings)
        wait_until(self.api_answers, SECONDS, "the API answers")
        return started

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0"

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def start_worker(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *self.launcher, "api.worker", *arguments]
        return self._start(command, settings)

    def redis(self) -> redis.Redis:
        return redis.Redis("127.0.0.1", self.redis_port, socket_timeout=5)

    def api_answers(self) -> bool:
        try:
            return self.http.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def import_posts(self, user_name: str, count: int) -> None:
        lines = "\n".join(
            f'{{"id": "{n}", "text": "{user_name} {n}", "created_at": "2026-01-01T00:00:00Z"}}'
            for n in range(count)
        )
        self.http.post(f"/v1/users/{user_name}/posts", content=lines).raise_for_status()

    def start_analysis(self, user_name: str) -> str:
        asked = {"user_name": user_name, "consent": True}
        answer = self.http.post("/v1/analyses", json=asked).raise_for_status()
        analysis_id: str = answer.json()["analysis_id"]
        return analysis_id

    def analysis(self, analysis_id: str) -> dict[str, Any]:
        document: dict[str, Any] = (
            self.http.get(f"/v1/analyses/{analysis_id}").raise_for_status().json()
        )
        return document

    def wait_for(self, *analysis_ids: str) -> None:
        """Wait until these have ended, and see that each succeeded."""
        for analysis_id in analysis_ids:
            wait_until(lambda one=analysis_id: self._ended(one), SECONDS, f"{analysis_id} ends")  # type: ignore[misc]
            ended = self.analysis(analysis_id)
            assert ended["state"] == "succeeded", ended["problem"]

    def _ended(self, analysis_id: str) -> bool:
        return self.analysis(analysis_id)["state"] not in ("queued", "running")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.store_file)) as connection:
            return connection.execute(statement).fetchall()

    def store_can_be_written(self) -> bool:
        """Return whether a writer gets its turn; not while a process that was stopped has it."""
        with closing(sqlite3.connect(self.store_file, timeout=2, isolation_level=None)) as store:
            try:
                store.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def owner_of(self, analysis_id: str) -> int | None:
        """Return the id of the process that runs an analysis, or None."""
        owners = dict(self.rows("SELECT analysis_id, lease_owner FROM analyses"))
        owner = owners[analysis_id]
        return None if owner is None else int(owner.rsplit("-", 1)[1])

    def _start(
        self, command: list[str], settings: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**self.environment, **(settings or {})},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
