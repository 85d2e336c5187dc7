"""What docker-compose.yml starts can be started: each command and health check, as processes here.

Images are not built here. MongoDB runs where there is a mongod; else this says that it did not.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT, free_port, wait_until

pytestmark = pytest.mark.integration

COMPOSE = shutil.which("docker-compose")
PEPPER = "only-for-this-test-0123456789"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def resolve(**variables: str) -> subprocess.CompletedProcess[str]:
    """Resolve the compose file with docker-compose, its variables filled in."""
    if COMPOSE is None:
        pytest.skip("docker-compose is not installed (apt-get install docker-compose): NOT TESTED")
    with tempfile.NamedTemporaryFile() as nothing:  # the developer's own .env is not meant
        return subprocess.run(
            [COMPOSE, "--file", "docker-compose.yml", "--env-file", nothing.name, "config"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    resolved = resolve(API_KEY_PEPPER=PEPPER)
    assert resolved.returncode == 0, resolved.stderr
    found: dict[str, Any] = yaml.safe_load(resolved.stdout)["services"]
    return found


def words(service: dict[str, Any]) -> list[str]:
    return [word.replace("$$", "$") for word in service["command"]]


def healthy(service: dict[str, Any], env: dict[str, str]) -> bool:
    kind, *check = (word.replace("$$", "$") for word in service["healthcheck"]["test"])
    command = ["/bin/sh", "-c", *check] if kind == "CMD-SHELL" else check
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


@contextmanager
def started(
    service: dict[str, Any], folder: Path, *more: str, **here: str
) -> Iterator[dict[str, str]]:
    """Run a service's command in its environment but for what is different here; yield that."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**(service.get("environment") or {}), "PATH": path, "TMPDIR": str(folder), **here}
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(
            [*words(service), *more], cwd=ROOT, env=env, stdout=output, stderr=output
        )
    try:
        yield env
    finally:
        process.terminate()
        process.wait(SECONDS)


def test_every_command_comes_up_and_its_health_check_passes(
    services: dict[str, Any], tmp_path: Path
) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server): NOT TESTED")
    redis_port, api_port, serving_port = (str(free_port()) for _ in range(3))
    here = {
        "API_HOST": "127.0.0.1",
        "API_PORT": api_port,
        "DATA_DIR": str(tmp_path),
        "STORE_URL": f"sqlite:///{tmp_path}/moodline.db",
        "QUEUE_URL": f"redis://127.0.0.1:{redis_port}/0",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/1",
        "INFERENCE_URL": f"http://127.0.0.1:{serving_port}",
        "WORKER_METRICS_PORT": str(free_port()),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    services["redis"]["healthcheck"]["test"][2:2] = ["-p", redis_port]
    with ExitStack() as stack:
        for name, more, changed in (
            ("redis", ["--port", redis_port, "--bind", "127.0.0.1"], {}),
            ("inference", [], {"SERVING_HOST": "127.0.0.1", "SERVING_PORT": serving_port}),
            ("api", [], here),
            ("worker", [], here),
        ):
            service = services[name]
            env = stack.enter_context(started(service, tmp_path, *more, **changed))
            wait_until(partial(healthy, service, env), SECONDS, f"{name} is healthy")


def test_a_health_check_fails_where_nothing_answers(services: dict[str, Any]) -> None:
    port = str(free_port())
    env = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "API_PORT": port,
        "SERVING_PORT": port,
        "QUEUE_URL": f"redis://127.0.0.1:{port}/0",
    }

    assert [healthy(services[name], env) for name in ("api", "inference", "worker")] == [False] * 3


def test_mongo_is_the_replica_set_that_the_store_connects_to(
    services: dict[str, Any], tmp_path: Path
) -> None:
    command = words(services["mongo"])
    replica_set = command[command.index("--replSet") + 1]

    assert services["api"]["environment"]["STORE_URL"].endswith(f"replicaSet={replica_set}")
    assert f"_id: '{replica_set}'" in services["mongo"]["healthcheck"]["test"][-1]
    if mongod := shutil.which("mongod"):  # no package index has it; where it is, it is started
        command = [mongod, *command[1:], "--dbpath", str(tmp_path), "--port", str(free_port())]
        with started({**services["mongo"], "command": command}, tmp_path):
            wait_until(
                lambda: "Waiting for connections" in (tmp_path / "output").read_text(),
                SECONDS,
                "mongod waits for connections",
            )


def test_it_does_not_start_without_its_secret() -> None:
    resolved = resolve()

    assert resolved.returncode != 0
    assert "API_KEY_PEPPER" in resolved.stderr


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = re.findall(r"^ *\w*(?:KEY|KEYS|PEPPER|PASSWORD|TOKEN)\w*: (.*)$", text, re.MULTILINE)

    assert len(secrets) >= 3
    assert [value for value in secrets if not re.fullmatch(r"\$\{\w+(:-|:\?[^}]*)\}", value)] == []


def test_every_service_is_hardened_pinned_checked_and_without_rights(
    services: dict[str, Any],
) -> None:
    users = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)

    named = {"proxy", "api", "worker", "inference", "inference-gpu", "mongo", "redis"}
    assert set(services) == named
    for name, service in services.items():
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", service["image"]), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["healthcheck"]["test"], name
        assert "build" in service or service["user"] not in ("", "root"), name
    assert users[-1] == "moodline"


def test_only_the_proxy_is_published_and_only_on_loopback(services: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in services.items() if one.get("ports")}

    assert published == {"proxy": ["127.0.0.1:8000:8080/tcp"]}


def test_the_proxy_is_trusted_with_addresses_and_reaches_the_api(services: dict[str, Any]) -> None:
    proxy, api = services["proxy"], services["api"]["environment"]
    bound = proxy["volumes"][0]
    file = Path(bound["source"] if isinstance(bound, dict) else bound.split(":")[0])
    text = (ROOT / "deploy" / file.name).read_text(encoding="utf-8")

    assert api["TRUSTED_PROXY"] == "*"
    assert f"server api:{api['API_PORT']};" in text
    assert f"listen {proxy['ports'][0].split(':')[-1].removesuffix('/tcp')};" in text


def test_the_proxy_takes_its_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed (apt-get install nginx): NOT TESTED")
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    # The name of the API is known only on the network of the containers.
    here = text.replace("server api:", "server 127.0.0.1:").replace("/tmp", str(tmp_path))  # noqa: S108 - of the container
    (tmp_path / "nginx.conf").write_text(here, encoding="utf-8")

    checked = subprocess.run(
        [nginx, "-t", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert checked.returncode == 0, checked.stderr


def test_the_images_are_built_from_what_is_there() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    sources = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8")

    assert targets == {"base", "api", "inference", "inference-gpu"}
    for source in " ".join(sources).split():
        assert list(ROOT.glob(source.rstrip("/"))), source
        assert f"!{source.split('/')[0]}" in allowed, source
