"""Each service of docker-compose.yml as a process here: its command comes up, its check passes.

Images are not built here, and MongoDB is SQLite here where there is no mongod.
"""

import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.compose import LocalServices, Project, words
from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT, free_port, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.long]

POSTS = "\n".join(
    f'{{"id": "{n}", "text": "{text}", "created_at": "2026-01-0{n}T10:00:00Z"}}'
    for n, text in enumerate(
        [
            "What a lovely walk along the canal this morning",
            "My bicycle was stolen and I am furious",
            "Nothing makes me happier than fresh bread",
            "So proud of the little garden we built",
            "The concert last night was pure joy",
        ],
        start=1,
    )
)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {name}): NOT TESTED")
    return found


@dataclass
class Running:
    """The services of the compose file, started here in its order."""

    local: LocalServices
    services: dict[str, Any]
    environments: dict[str, dict[str, str]]
    url: str
    certificate: ssl.SSLContext

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as `docker compose exec` does in a service."""
        return subprocess.run(
            command,
            cwd=self.local.project.folder,
            env=self.environments[service],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def running(
    services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Everything but MongoDB and the profiles; the store is a file."""
    program("redis-server")
    project = Project(tmp_path_factory.mktemp("running") / "moodline")
    project.make_secrets()
    redis, api, serving, proxy, health = (str(free_port()) for _ in range(5))
    store = project.secrets / "store_url"
    store.unlink()
    store.write_text(f"sqlite:///{project.folder}/moodline.db", encoding="utf-8")
    for name in ("queue_url", "redis_url"):
        file = project.secrets / name
        text = file.read_text(encoding="utf-8").replace("redis:6379", f"127.0.0.1:{redis}")
        file.unlink()
        file.write_text(text, encoding="utf-8")
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in (
        ("/tmp/", f"{project.folder}/"),  # noqa: S108 - of the container
        ("server api:8000", f"server 127.0.0.1:{api}"),
        ("listen 8443", f"listen 127.0.0.1:{proxy}"),
        ("127.0.0.1:8080", f"127.0.0.1:{health}"),
        ("/run/secrets", str(project.secrets)),
        ("client_header_timeout 15s", "client_header_timeout 1s"),
    ):
        assert there in text
        text = text.replace(there, here)
    (project.folder / "nginx.conf").write_text(text, encoding="utf-8")
    local = LocalServices(
        project,
        {
            "/etc/moodline/nginx.conf": str(project.folder / "nginx.conf"),
            "127.0.0.1:8080": f"127.0.0.1:{health}",
            "redis-cli": f"redis-cli -p {redis}",
            "/tmp/metrics": str(project.folder / "metrics"),  # noqa: S108 - of the container
        },
    )
    of_api = {
        "API_HOST": "127.0.0.1",
        "API_PORT": api,
        "DATA_DIR": str(project.folder),
        "INFERENCE_URL": f"http://127.0.0.1:{serving}",
    }
    order: list[tuple[str, list[str], dict[str, str]]] = [
        ("redis", ["--port", redis, "--bind", "127.0.0.1"], {}),
        ("inference", [], {"SERVING_HOST": "127.0.0.1", "SERVING_PORT": serving}),
        ("api", [], of_api),
        ("worker", [], {**of_api, "WORKER_METRICS_PORT": str(free_port())}),
    ]
    if shutil.which("nginx"):
        order.append(("proxy", [], {}))
    environments = {}
    with ExitStack() as stack:
        for name, more, changed in order:
            service = services[name]
            env = stack.enter_context(local.started(service, *more, **changed))
            wait_until(partial(local.healthy, service, env), SECONDS, f"{name} is healthy")
            environments[name] = env
        url = f"https://127.0.0.1:{proxy}"
        trusted = ssl.create_default_context(cafile=str(project.secrets / "tls_certificate"))
        yield Running(local, services, environments, url, trusted)


def test_every_command_comes_up_and_its_health_check_passes(running: Running) -> None:
    assert {"redis", "inference", "api", "worker"} <= set(running.environments)
    assert " is no setting" not in running.local.output()
    assert "another value" not in running.local.output()


def test_a_person_is_analysed_through_the_proxy_with_a_key_for_an_application(
    running: Running,
) -> None:
    program("nginx")
    refused = httpx.get(f"{running.url}/v1/users/ana", verify=running.certificate)
    first = running.run("api", sys.executable, "-m", "api.keys", "first")
    make = (sys.executable, "-m", "api.keys", "create", "web", "--scope", "application")
    made = running.run("api", *make)

    assert refused.status_code == 401
    assert re.fullmatch(r"[0-9a-f]{12}\.\S{40,}\n", first.stdout)
    assert running.run("api", sys.executable, "-m", "api.keys", "first").stdout == ""
    with httpx.Client(
        base_url=running.url,
        verify=running.certificate,
        headers={"Authorization": f"Bearer {made.stdout.strip()}", "Origin": running.url},
        timeout=SECONDS,
    ) as http:
        http.post("/v1/users/ana/posts", content=POSTS).raise_for_status()
        started = http.post("/v1/analyses", json={"user_name": "ana", "consent": True})
        assert started.status_code == 202, started.text
        path = f"/v1/analyses/{started.json()['analysis_id']}"
        wait_until(
            lambda: http.get(path).json()["state"] == "succeeded", SECONDS, "the analysis ends"
        )
        assert http.get("/metrics").status_code == 404
        secure = http.get("/livez").headers["Strict-Transport-Security"]
    assert "max-age" in secure


@contextmanager
def connected_to_proxy(running: Running) -> Iterator[ssl.SSLSocket]:
    host, port = "127.0.0.1", httpx.URL(running.url).port
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        running.certificate.wrap_socket(plain, server_hostname=host) as connection,
    ):
        yield connection


def test_the_proxy_ends_a_connection_whose_head_does_not_come(running: Running) -> None:
    program("nginx")
    with connected_to_proxy(running) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        connection.settimeout(20)  # without the setting it is a minute

        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_the_proxy_refuses_a_head_of_more_than_64_kib(running: Running) -> None:
    program("nginx")
    headers = {f"X-{n}": "a" * 15_000 for n in range(5)}

    answer = httpx.get(f"{running.url}/livez", headers=headers, verify=running.certificate)

    assert answer.status_code == 400


def test_the_proxy_gives_one_address_64_requests_at_a_time(running: Running) -> None:
    program("nginx")
    slow = b"POST /v1/users/ana/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(connected_to_proxy(running)).sendall(slow)

        def status() -> int:
            return httpx.get(f"{running.url}/livez", verify=running.certificate).status_code

        wait_until(lambda: status() == 429, SECONDS, "one request too many is refused")
    wait_until(lambda: status() == 200, SECONDS, "others are answered again")


def test_redis_asks_for_its_password(running: Running) -> None:
    port = re.search(r":(\d+)/0", (running.local.project.secrets / "queue_url").read_text())
    assert port is not None

    answer = running.run("redis", "redis-cli", "-p", port[1], "ping")

    assert "NOAUTH" in answer.stdout + answer.stderr


def test_the_inference_server_asks_for_its_key(running: Running) -> None:
    url = running.environments["api"]["INFERENCE_URL"]

    answer = httpx.post(f"{url}/v1/classify", json={"texts": ["x"]}, trust_env=False)

    assert answer.status_code == 401


def test_a_health_check_fails_where_nothing_answers(
    services: dict[str, Any], project: Project
) -> None:
    port = str(free_port())
    dead = {"127.0.0.1:8080": f"127.0.0.1:{port}", "redis-cli": f"redis-cli -p {port}"}
    local = LocalServices(project, {**dead, "127.0.0.1:9090": f"127.0.0.1:{port}"})
    file = project.folder / "dead_queue_url"
    file.write_text(f"redis://127.0.0.1:{port}/0", encoding="utf-8")
    here = {"API_PORT": port, "SERVING_PORT": port, "QUEUE_URL_FILE": str(file)}

    checked = ("api", "inference", "worker", "redis", "proxy", "prometheus")
    healthy = [
        local.healthy(services[name], local.environment(services[name], **here)) for name in checked
    ]

    assert healthy == [False] * len(checked)


def test_mongod_starts_with_a_key_file_that_only_it_can_read(
    services: dict[str, Any], project: Project, tmp_path: Path
) -> None:
    keyfile = tmp_path / "keyfile"
    mongod = tmp_path / "mongod"  # no package index has it; where it is not, its arguments are seen
    local = LocalServices(project, {"/tmp/keyfile": str(keyfile)})  # noqa: S108 - of the container
    mongod.write_text('#!/bin/sh\necho started with "$@"\n', encoding="utf-8")
    mongod.chmod(0o755)
    service = services["mongo"]
    environment = local.environment(service)
    real = shutil.which("mongod")
    more = ["--dbpath", str(tmp_path), "--port", str(free_port())] if real else []
    if not real:
        environment["PATH"] = f"{tmp_path}:{environment['PATH']}"

    process = subprocess.Popen(
        [*map(local.here, words(service)), *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    line = next(one for one in process.stdout if "started with" in one or "Waiting for" in one)
    process.kill()
    process.communicate()

    assert keyfile.stat().st_mode & 0o777 == 0o400
    if not real:
        assert f"--replSet rs0 --keyFile {keyfile}" in line
