"""Clients that other people have written, and clients made of the OpenAPI document, as they come.

They run in an environment of their own, which `make test` makes.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.serving.started import ROOT, Started, free_port, started_server

pytestmark = [pytest.mark.long, pytest.mark.integration, pytest.mark.slow]

SECRET = "0123456789abcdef"
CLIENTS = ROOT / ".venv-clients" / "bin"
SCRIPTS = ROOT / "tests" / "support" / "serving" / "clients"
TEXTS = ["I am so happy today", "so sad, ü 😀", "dog " * 40, "angry"]
TRITON = [
    "triton", "triton outputs by name", "triton json", "triton binary in, json out",
    "triton json in, binary out", "triton gzip", "triton deflate", "triton aio", "triton aio json",
    "kserve", "kserve json", "kserve grpc", "kserve grpc json",
]  # fmt: skip
HUGGING_FACE = ["hugging face", "hugging face on /predict"]


@pytest.fixture(scope="module")
def grpc_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, grpc_port: int
) -> Iterator[Started]:
    settings = {"SERVING_KEYS": f"team:{SECRET}", "SERVING_GRPC_PORT": str(grpc_port)}
    with started_server(tiny_model, tmp_path_factory.mktemp("server"), **settings) as started:
        yield started


def run(*command: str | Path) -> str:
    """Run a program of the clients' environment and return what it printed."""
    if not (CLIENTS / "python").exists():
        pytest.skip("other people's clients are not installed: `make test` does it")
    done = subprocess.run(
        [CLIENTS / command[0], *command[1:]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": str(CLIENTS), "HF_HUB_DISABLE_TELEMETRY": "1", "HOME": "/nowhere"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(server: Started) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {SECRET}"}
    response = httpx.post(
        f"{server.url}/v1/classify", json={"texts": TEXTS}, headers=headers, trust_env=False
    )
    items: list[dict[str, Any]] = response.json()
    return items


@pytest.fixture(scope="module")
def answers(server: Started, grpc_port: int) -> dict[str, Any]:
    addresses = server.url.removeprefix("http://"), f"127.0.0.1:{grpc_port}"
    printed = run("python", SCRIPTS / "ask.py", *addresses, "tiny", json.dumps(TEXTS))
    found: dict[str, Any] = json.loads(printed)
    return found


@pytest.mark.parametrize("client", TRITON)
def test_a_client_of_the_open_inference_protocol_gets_the_scores_of_the_classifier(
    answers: dict[str, Any], expected: list[dict[str, Any]], client: str
) -> None:
    for (label, scores), item in zip(answers[client], expected, strict=True):
        assert label == item["label"]
        assert scores == pytest.approx(list(item["scores"].values()), abs=1e-7)


@pytest.mark.parametrize("client", HUGGING_FACE)
def test_hugging_faces_client_gets_the_scores_of_the_classifier_ranked(
    answers: dict[str, Any], expected: list[dict[str, Any]], client: str
) -> None:
    for ranking, item in zip(answers[client], expected, strict=True):
        assert ranking[0][0] == item["label"]
        assert dict(ranking) == item["scores"]


@pytest.mark.parametrize("client", HUGGING_FACE)
def test_hugging_faces_client_gets_as_many_emotions_as_it_asks_for(
    answers: dict[str, Any], client: str
) -> None:
    whole = answers[client]

    assert answers[f"{client} top_k 3"] == [ranking[:3] for ranking in whole]
    assert answers[f"{client} top_k 100 function_to_apply softmax"] == whole


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("triton refused class_count", "/outputs/0/parameters/classification"),
        ("triton refused parameters", "/parameters/top_k"),
        ("hugging face refused top_k 0", "/parameters/top_k"),
        ("hugging face refused top_k -1", "/parameters/top_k"),
        ("hugging face refused function_to_apply none", "/parameters/function_to_apply"),
        ("hugging face refused function_to_apply sigmoid", "/parameters/function_to_apply"),
    ],
)
def test_a_client_that_asks_for_other_numbers_raises_what_the_server_says(
    answers: dict[str, Any], asked: str, named: str
) -> None:
    assert named in str(answers[asked])


def test_clients_read_the_pages_about_server_and_model(answers: dict[str, Any]) -> None:
    assert answers["triton pages"] == {
        "live": True,
        "ready": True,
        "index": [{"name": "tiny", "version": "0.0.1", "state": "READY", "reason": ""}],
        "metadata": "tiny",
        "extensions": ["binary_tensor_data"],
    }
    assert answers["kserve pages"] == {"live": True, "ready": True}


def test_a_client_made_of_the_openapi_document_works(
    server: Started, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    run(
        "openapi-python-client", "generate", "--url", f"{server.url}/docs.json",
        "--meta", "none", "--output-path", tmp_path / "generated", "--fail-on-warning",
    )  # fmt: skip
    printed = run("python", SCRIPTS / "ask_generated.py", tmp_path, server.url, json.dumps(TEXTS))

    answers = json.loads(printed)
    labels = [item["label"] for item in expected]
    assert answers.pop("refused") == ["/problems/invalid-request"]
    window = answers.pop("window")
    assert window[:2] + window[3:] == labels[:2] + labels[3:]
    assert answers == dict.fromkeys(
        ("classify", "predict", "pipeline", "infer", "infer all"), labels
    )
