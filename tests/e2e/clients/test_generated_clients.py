"""Clients that generators make of the API's document build as they come and run the main flow.

The generators are in environments of their own, which `make test` makes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-clients"
NODE = HERE / "node_modules"
JAR = "lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar"
# Most of the time of a short run of Java goes into starting: less compiling, one thread for memory.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar"]

CSV = """post_id,text,created_at,likes
1,A swim in the lake before work,2026-01-03T08:00:00Z,4
2,Fresh bread from the market,2026-01-09T10:00:00Z,2
3,The choir sang our song,2026-01-20T19:30:00Z,11
4,Long walk along the river,2026-02-02T15:00:00Z,0
5,My sister called,2026-02-11T20:00:00Z,1
6,We laughed all evening,2026-02-14T22:00:00Z,7
"""
SEEN = {
    "imported": 6,
    "mood": "Cheerful",
    "label": "Bright",
    "happiest": "joy",
    "months": ["2026-01", "2026-02"],
    "found": ["A swim in the lake before work"],
    "corrected to": "love",
    "accounts": 3,
    "feedback": 204,
    "picture": "PNG",
    "erased": 204,
    "then": "/problems/not-found",
}
"""What each client must print: the stand-in inference server finds joy in every post."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("api"), LOG_LEVEL="error") as one:
        one.start_api(QUEUE_URL="")
        yield one


@pytest.fixture
def document(api: Deployment, tmp_path: Path) -> Path:
    """The API's OpenAPI document, in the folder in which the clients are made."""
    file = tmp_path / "openapi.json"
    file.write_bytes(api.http.get("/openapi.json").raise_for_status().content)
    for kind in ("*.py", "*.ts", "tsconfig.json"):
        for source in HERE.glob(kind):
            shutil.copy(source, tmp_path)
    (tmp_path / "posts.csv").write_text(CSV)
    return file


def needs(*programs: str | Path) -> None:
    """Skip a test whose generators are not installed."""
    missing = [str(each) for each in programs if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)}: not installed (make environments): NOT TESTED")


def run(folder: Path, *command: str | Path) -> str:
    """Run a program in a folder and return what it printed; if it fails, so does the test."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seen_by(flow: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(flow)
    return seen


def test_python_clients_pass_mypy_and_run_the_main_flow(api: Deployment, document: Path) -> None:
    programs = PYTHON / "bin"
    python, folder = programs / "python", document.parent
    needs(python, programs / "datamodel-codegen")
    flows = {"ana": "main_flow_openapi_python_client.py", "ben": "main_flow_datamodel_codegen.py"}

    run(
        folder, programs / "openapi-python-client", "generate", "--path", document,
        "--meta", "none", "--output-path", folder / "generated",
        "--config", HERE / "openapi-python-client.yaml", "--fail-on-warning",
    )  # fmt: skip
    run(
        folder, programs / "datamodel-codegen", "--input", document, "--output", "models.py",
        "--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel",
        "--target-python-version", "3.11", "--formatters", "builtin", "--use-annotated",
    )  # fmt: skip
    run(
        folder, sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull,
        "--cache-dir", os.devnull, "--python-executable", python, *flows.values(),
    )  # fmt: skip
    url = str(api.http.base_url)
    answers = [
        seen_by(run(folder, python, flow, url, user_name, "posts.csv"))
        for user_name, flow in flows.items()
    ]

    assert answers == [SEEN, SEEN]


@pytest.mark.long
def test_typescript_clients_compile_and_run_the_main_flow(api: Deployment, document: Path) -> None:
    folder = document.parent
    needs("java", "node", NODE / ".bin" / "openapi-typescript", PYTHON / "bin" / "python")
    (folder / "node_modules").symlink_to(NODE)

    run(
        folder, NODE / ".bin" / "openapi-typescript", document,
        "--output", "openapi_typescript.ts", "--default-non-nullable", "false",
    )  # fmt: skip
    run(
        folder, *JAVA, next(PYTHON.glob(JAR)), "generate", "--generator-name", "typescript-fetch",
        "--input-spec", document, "--output", "typescript_fetch",
        "--global-property", "apis,models,supportingFiles,skipFormModel=false",
    )  # fmt: skip
    run(folder, NODE / ".bin" / "tsc", "--project", "tsconfig.json")
    url = str(api.http.base_url)
    answers = [
        seen_by(run(folder, "node", f"built/main_flow_{name}.js", url, user_name, CSV))
        for user_name, name in (("cleo", "openapi_typescript"), ("dan", "typescript_fetch"))
    ]

    assert [answers[0].pop("last event"), *answers] == ["succeeded", SEEN, SEEN]
