"""README.md and docs/*.md: each command and each snippet is run, or it is said why it is not."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.admin.__main__ import main as admin
from api.bootstrap.adapters import open_store
from api.client import MoodlineClient
from api.demo.people import PEOPLE, POSTS
from api.keys import main as keys
from api.local import LocalServers, local_servers
from api.runtime.processes import free_port
from api.settings import read_settings
from tests.e2e.documents.snippets import Snippet, documents, snippets
from tests.support.serving.started import ROOT, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.long]

SECONDS = 120
NO_DOCKER = (
    "needs docker and a registry of images: the parts are tested in tests/integration/deploy"
)
NO_CLUSTER = (
    "needs a cluster: what it names is compared with the manifests in tests/integration/deploy"
)
NO_REGISTRY = "needs a package registry: tests/e2e/clients runs the generator"
NOT_RUN = {
    "make run": "tests/e2e/test_commands.py runs what it starts",
    "make test": "runs this test",
    "pip install": "needs a package registry",
    "python -m serving.bulk posts.parquet": "needs Ray: tests/integration/serving/bulk",
    "deploy/make-secrets.sh": "tests/integration/deploy runs it for each of its projects",
    "python -m pip wheel": "needs a package registry",
    "python -m venv": "is followed by what needs the wheels that a registry has",
    ".venv/bin/python -m pip": "needs the wheels that a registry has",
    ".venv/bin/python -m api.local": "tests/e2e/test_commands.py runs what it starts",
    **dict.fromkeys(
        (
            *("docker compose build", "docker compose pull", "docker save", "docker load"),
            *("docker compose exec -T", "docker compose run", "docker compose stop"),
            *("docker compose start", "docker compose down", "db.", "END"),
        ),
        NO_DOCKER,
    ),
    "python -m benchmarks.": "it measures this machine: tests/unit/benchmarks runs its parts",
    "docker compose up": NO_DOCKER,
    "docker compose kill": NO_DOCKER,
    "docker compose --profile": NO_DOCKER,
    "docker buildx": NO_DOCKER,
    "kubectl": NO_CLUSTER,
    "services:": "tests/integration/deploy/test_deploying_document.py reads it",
    "resources: [": "tests/integration/deploy/test_deploying_document.py renders it",
    "<!doctype html>": "tests/e2e/browser/test_front_end_page.py opens it",
    "async function* changes": "tests/e2e/browser/test_front_end_page.py calls it",
    "npx openapi-typescript": NO_REGISTRY,
    "npx @openapitools/openapi-generator-cli": NO_REGISTRY,
    "openapi-python-client": NO_REGISTRY,
    "datamodel-codegen": NO_REGISTRY,
}
"""How snippets begin that are not run here, and why."""


class Reader:
    """Somebody who does what a document says, from top to bottom."""

    def __init__(self, servers: LocalServers, analysis_id: str, folder: Path) -> None:
        self._servers = servers
        self._folder = folder
        self._said = ""
        self._analysis_id = analysis_id
        self._prefix = ""
        self._ways: dict[str, Callable[[str], None]] = {
            r"curl ": self._curl,
            r"[\[{]": self._compare,
            r"-- @": self._demo,
            r"from ": self._python,
            r"(?:docker compose exec api )?python -m api\.keys ": self._keys,
            r"python -m api\.admin ": self._admin,
            r"python -c ": self._prints,
            r"python -m serving\.bulk posts\.csv": self._bulk,
            r"cat ": self._cat,
            r"[A-Z_]+=": self._setting,
        }

    def does(self, snippet: Snippet) -> None:
        """Run a snippet; AssertionError if nobody has said how."""
        ways = [run for begins, run in self._ways.items() if re.match(begins, snippet.text)]
        assert ways, f"no test runs it, and NOT_RUN gives no reason: {snippet.text}"
        ways[0](snippet.text)

    def _curl(self, command: str) -> None:
        self._said = self._shell(self._here(command))
        if "/events" in command:
            assert self._said.startswith("event: analysis\ndata: {")
            return
        answer = json.loads(self._said)
        assert ("/problems/" in self._said) == ("/nobody" in command), self._said
        if command.endswith("/v1/analyses"):
            self._analysis_id = answer["analysis_id"]
            wait_until(self._ended, SECONDS, "the analysis ends")

    def _ended(self) -> bool:
        url = f"{self._servers.api_url}/v1/analyses/{self._analysis_id}"
        return bool(httpx.get(url, trust_env=False).json()["finished_at"])

    def _compare(self, shown: str) -> None:
        assert_alike(json.loads(shown), json.loads(self._said))

    def _demo(self, shown: str) -> None:
        with MoodlineClient(self._servers.api_url) as client:
            client.erase(PEOPLE[0].user_name)  # the demo expects a store without its people
        said = self._shell(
            f"MOODLINE_API_URL={self._servers.api_url} {sys.executable} -m api.demo --running"
        )
        lines = [_dayless(line) for line in shown.splitlines() if line != "..."]
        assert [line for line in lines if line not in _dayless(said)] == []

    def _python(self, code: str) -> None:
        printed = io.StringIO()
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(printed):
            exec(self._here(code), {})  # noqa: S102  this is what is tested
        assert printed.getvalue().strip()

    def _keys(self, command: str) -> None:
        words = re.sub(r".*api\.keys ", "", command).replace("PREFIX", self._prefix).split()
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
            patch.setenv("DATA_DIR", str(self._folder / "keys"))
            patch.setenv("API_KEY_PEPPER", "a pepper of the tests")
            assert keys(words) == 0
        self._prefix = printed.getvalue().split()[0].partition(".")[0]

    def _admin(self, command: str) -> None:
        words = command.split()[3:]
        with pytest.MonkeyPatch.context() as patch, contextlib.chdir(self._folder):
            patch.setenv("DATA_DIR", str(self._folder / "data"))
            patch.setenv("STORE_URL", "")
            patch.setenv("INFERENCE_URL", self._servers.inference_url)
            patch.setenv("SIGN_IN_KEY", "A" * 43 + "=")
            open_store(read_settings(os.environ)).close()
            assert admin(words) == 0

    def _prints(self, command: str) -> None:
        assert self._shell(command.replace("python", sys.executable, 1)).strip()

    def _bulk(self, command: str) -> None:
        (self._folder / "posts.csv").write_text("text\nBest day of the year!\n", encoding="utf-8")
        words = command.split()[1:]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(
            [sys.executable, *words], cwd=self._folder, env=environment,
            check=True, timeout=SECONDS, capture_output=True,
        )  # fmt: skip
        assert ",joy," in (self._folder / words[-1]).read_text(encoding="utf-8")

    def _cat(self, command: str) -> None:
        lineage, target = self._folder / "lineage", self._folder / command.split()[-1]
        lineage.mkdir(exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in ("fullchain.pem", "privkey.pem"):
            (lineage / name).write_text(name, encoding="utf-8")
        environment = {**os.environ, "RENEWED_LINEAGE": str(lineage)}
        subprocess.run(["bash", "-c", command], cwd=self._folder, env=environment, check=True)
        assert target.read_text(encoding="utf-8").endswith(".pem")

    def _setting(self, line: str) -> None:
        name, _, value = line.strip().partition("=")
        read = getattr(read_settings({name: value}), name.lower())
        assert list(read) == value.split(",")

    def _here(self, text: str) -> str:
        return (
            text.replace("http://127.0.0.1:8000", self._servers.api_url)
            .replace("http://127.0.0.1:3000", self._servers.inference_url)
            .replace("ANALYSIS_ID", self._analysis_id)
        )

    def _shell(self, command: str) -> str:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            check=True,
            timeout=SECONDS,
            capture_output=True,
            text=True,
        ).stdout


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """What `make run` starts, with the shipped model."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SERVING_")}
    environment = {
        **ours,
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "STORE_URL": "",
        "LOG_LEVEL": "error",
        "API_HOST": "127.0.0.1",
        "SERVING_HOST": "127.0.0.1",
        "API_PORT": str(free_port()),
        "SERVING_PORT": str(free_port()),
    }
    with local_servers(environment, quiet=True) as started:
        yield started


@pytest.fixture
def analysis_id(servers: LocalServers) -> str:
    """The id of an analysis of the person whom the documents ask for."""
    person = PEOPLE[0]
    with MoodlineClient(servers.api_url) as client:
        client.import_posts(person.user_name, POSTS / person.file)
        started = client.start(person.user_name, consent=True, as_of="newest")
        client.result(started["analysis_id"])
    return started["analysis_id"]


def reason(snippet: Snippet) -> str | None:
    """Return how the entry of NOT_RUN begins that says why a snippet is not run, or None."""
    return next((begins for begins in NOT_RUN if snippet.text.startswith(begins)), None)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_snippet_does_what_the_document_says(
    document: Path, servers: LocalServers, analysis_id: str, tmp_path: Path
) -> None:
    reader = Reader(servers, analysis_id, tmp_path)

    for snippet in snippets(document):
        if reason(snippet) is None:
            reader.does(snippet)


def test_every_reason_is_needed() -> None:
    all_snippets = [each for document in documents() for each in snippets(document)]

    assert {*map(reason, all_snippets)} - {None} == set(NOT_RUN)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_command_target_and_file_that_it_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    targets = set(re.findall(r"`make ([a-z-]+)", text))
    modules = set(re.findall(r"python -m ([\w.]+\w)", text))
    links = {
        link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link
    } - {""}

    assert [each for each in targets if f"\n{each}:" not in makefile] == []
    assert [each for each in modules if find_spec(each) is None] == []
    assert [each for each in links if not (document.parent / each).exists()] == []


def assert_alike(shown: Any, said: Any) -> None:
    """Compare JSON as a reader would: numbers nearly, and texts that end in dots by their kind."""
    if isinstance(shown, dict):
        assert shown.keys() == said.keys()
        for name, value in shown.items():
            assert_alike(value, said[name])
    elif isinstance(shown, list):
        assert len(shown) == len(said)
        for one, other in zip(shown, said, strict=True):
            assert_alike(one, other)
    elif isinstance(shown, float):
        assert said == pytest.approx(shown, abs=0.02)
    elif isinstance(shown, str) and shown.endswith("..."):
        assert isinstance(said, str)
    else:
        assert said == shown


def _dayless(text: str) -> str:
    return re.sub(r"\b\d+ days old", "N days old", text)
