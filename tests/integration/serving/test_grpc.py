"""The gRPC port of a real server: tritonclient's client, SIGTERM under load, and how it starts."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from serving.rpc.messages import SERVICE, message
from tests.integration.serving.test_real_clients import SCRIPTS, SECRET, TEXTS, run
from tests.support.serving.started import command, end, free_port, started_server, wait_until

pytestmark = [pytest.mark.long, pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def answers(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What tritonclient is answered, and under "expected" what /v1/classify says."""
    port = free_port()
    settings = {"SERVING_GRPC_PORT": str(port), "SERVING_KEYS": f"team:{SECRET}"}
    with started_server(tiny_model, tmp_path_factory.mktemp("server"), **settings) as server:
        asked = [SCRIPTS / "ask_grpc.py", f"127.0.0.1:{port}", "tiny", json.dumps(TEXTS)]
        printed = json.loads(run("python", *asked))
        headers = {"authorization": f"Bearer {SECRET}"}
        over_http = httpx.post(
            f"{server.url}/v1/classify", json={"texts": TEXTS}, headers=headers, trust_env=False
        )
        yield {**printed, "expected": over_http.json()}


@pytest.mark.parametrize("form", ["raw", "outputs by name", "gzip", "contents"])
def test_scores_over_grpc_are_those_over_http(answers: Any, form: str) -> None:
    for (label, scores), item in zip(answers[form], answers["expected"], strict=True):
        assert label == item["label"]
        assert scores == pytest.approx(list(item["scores"].values()), abs=1e-7)


def test_tritonclient_reads_the_pages_about_server_and_model(answers: Any) -> None:
    assert answers["pages"] == [True, True, True, "moodline-inference", "tiny"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("no key", "UNAUTHENTICATED"),
        ("other model", "NOT_FOUND"),
        ("class_count", "INVALID_ARGUMENT"),
        ("too many", "INVALID_ARGUMENT"),
    ],
)
def test_tritonclient_raises_the_status_of_the_error(answers: Any, asked: str, code: str) -> None:
    assert answers["refused"][asked][0] == f"StatusCode.{code}"


def test_every_field_has_the_number_and_type_that_tritonclient_has(answers: Any) -> None:
    ours = message("ModelInferRequest").DESCRIPTOR.file.message_types_by_name.values()
    pending = list(ours)
    while pending:
        one = pending.pop()
        pending += one.nested_types
        fields = {field.name: [field.number, field.type] for field in one.fields}
        assert fields.items() <= answers["fields"][one.full_name].items(), one.full_name


def load(port: int, answered: list[grpc.StatusCode]) -> None:
    """Call one after the other until a call is refused."""
    request = message("ModelInferRequest")(model_name="tiny")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"a quiet morning")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        infer = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        while not answered or answered[-1] is grpc.StatusCode.OK:
            try:
                infer(request.SerializeToString(), timeout=20)
            except grpc.RpcError as error:
                answered.append(error.code())
            else:
                answered.append(grpc.StatusCode.OK)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_calls_are_answered_or_refused_as_unavailable_when_it_stops_under_load(
    tiny_model: Path, tmp_path: Path, workers: str
) -> None:
    port = free_port()
    settings = {"SERVING_GRPC_PORT": str(port), "SERVING_WORKERS": workers}
    with started_server(tiny_model, tmp_path, **settings) as server:
        answers: list[list[grpc.StatusCode]] = [[] for _ in range(16)]
        clients = [threading.Thread(target=load, args=(port, one)) for one in answers]
        for client in clients:
            client.start()
        wait_until(lambda: sum(map(len, answers)) > 200, 60, "every client is at work")
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)

        assert server.process.wait(timeout=35) == 0
        assert {one[-1] for one in answers} == {grpc.StatusCode.UNAVAILABLE}
        assert "Traceback" not in server.said()


def test_a_port_that_is_taken_is_named_before_anything_starts(
    tiny_model: Path, tmp_path: Path
) -> None:
    port = free_port()
    with started_server(tiny_model, tmp_path / "first", SERVING_GRPC_PORT=str(port)):
        second = command(tiny_model, free_port(), tmp_path / "b", SERVING_GRPC_PORT=str(port))
        try:
            assert second.wait(timeout=30) == 4
        finally:
            end(second)

    said = (tmp_path / "b" / "output").read_text()
    assert said.count("\n") == 1
    assert str(port) in said


def test_without_the_extra_it_says_what_to_install(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'grpc' else find(name)\n"
    )
    settings = {"SERVING_GRPC_PORT": str(free_port()), "PYTHONPATH": str(tmp_path)}
    process = command(tiny_model, free_port(), tmp_path / "home", **settings)
    try:
        assert process.wait(timeout=30) == 2
    finally:
        end(process)

    said = (tmp_path / "home" / "output").read_text()
    assert said.count("\n") == 1
    assert "SERVING_GRPC_PORT needs the packages of the extra `grpc`" in said
