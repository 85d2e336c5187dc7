"""Callers with a client of another server, over a really started one that asks for keys."""

import json
import math
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.serving.started import SCHEDULERS, Started, started_server
from tests.support.serving.tiny_model import FRAGILE_WORD

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KEY = {"authorization": "Bearer 0123456789abcdef"}
JSON = {"content-type": "application/json"}
BODY_LIMIT = 2 * 1024 * 1024
INFER = "/v2/models/tiny/infer"
PATHS = ("/predict", INFER)
CALLS = pytest.mark.parametrize("path", PATHS)
TEXTS = ["I am so happy today", "so sad", "", "dog " * 40, "\x00\ud800😀", "a" * 25_000]


@pytest.fixture(scope="module", params=SCHEDULERS)
def server(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Started]:
    home = tmp_path_factory.mktemp("server")
    settings = {
        "SERVING_KEYS": "team:0123456789abcdef",
        "SERVING_QUEUE_TEXTS": "256",
        "SERVING_CACHE_TEXTS": "0",
        "SERVING_SCHEDULER": request.param,
    }
    with started_server(tiny_model, home, **settings) as started:
        yield started


@pytest.fixture(scope="module")
def http(server: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False, headers=KEY) as client:
        yield client


def document_for(path: str, texts: list[str]) -> dict[str, Any]:
    if path == "/predict":
        return {"inputs": [[text] for text in texts]}
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(texts), 1], "data": texts}
    return {"id": "7", "inputs": [tensor]}


def post(http: httpx.Client, path: str, document: Any) -> httpx.Response:
    """Send JSON in which halves of surrogate pairs are escaped, as httpx would not."""
    return http.post(path, content=json.dumps(document), headers=JSON)


def classified(http: httpx.Client, texts: list[str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = post(http, "/v1/classify", {"texts": texts}).json()
    return items


def error_of(response: httpx.Response, path: str, status: int) -> str:
    """Return an error's message, after checking that its body is the protocol's."""
    document = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert set(document) == ({"error", "error_type"} if path == "/predict" else {"error"})
    assert "Traceback" not in response.text
    message: str = document["error"]
    return message


def test_predictions_are_the_scores_of_the_classifier_ranked(http: httpx.Client) -> None:
    items = classified(http, TEXTS)

    rankings = post(http, "/predict", document_for("/predict", TEXTS)).json()

    assert len(rankings) == len(items)
    for ranking, item in zip(rankings, items, strict=True):
        scores = [one["score"] for one in ranking]
        assert scores == sorted(scores, reverse=True)
        assert ranking[0]["label"] == item["label"]
        assert {one["label"]: one["score"] for one in ranking} == pytest.approx(
            item["scores"], abs=1e-5
        )
        assert math.isclose(sum(scores), 1.0, abs_tol=1e-5)


def test_one_text_is_predicted_without_a_list_around_it(http: httpx.Client) -> None:
    bare = http.post("/predict", json={"inputs": "so happy", "truncate": True}).json()
    batch = http.post("/predict", json={"inputs": [["so happy"]]}).json()

    assert [bare] == batch
    assert len(bare) == 7


def test_a_text_longer_than_the_model_reads_is_413_only_where_cutting_is_forbidden(
    http: httpx.Client,
) -> None:
    long = {"inputs": [["dog"], ["dog " * 40]]}

    cut = http.post("/predict", json=long)
    refused = http.post("/predict", json={**long, "truncate": False})
    short = http.post("/predict", json={"inputs": "dog", "truncate": False})

    assert (cut.status_code, short.status_code) == (200, 200)
    assert "/inputs/1 has more than 32 tokens" in error_of(refused, "/predict", 413)
    assert refused.json()["error_type"] == "Validation"


def test_inferred_tensors_are_the_scores_of_the_classifier(http: httpx.Client) -> None:
    items = classified(http, TEXTS)

    document = post(http, INFER, document_for(INFER, TEXTS)).json()

    label, scores, irony = document["outputs"]
    emotions = document["parameters"]["emotions"].split(",")
    assert (document["model_name"], document["model_version"]) == ("tiny", "0.0.1")
    assert document["id"] == "7"
    assert label["data"] == [item["label"] for item in items]
    assert scores["shape"] == [len(TEXTS), 7]
    assert scores["data"] == pytest.approx(
        [item["scores"][name] for item in items for name in emotions], abs=1e-5
    )
    assert irony["data"] == pytest.approx([item["irony"] for item in items], abs=1e-5)


def test_one_version_of_the_model_is_inferred_from_by_name(http: httpx.Client) -> None:
    body = {**document_for(INFER, ["so sad"]), "outputs": [{"name": "label"}]}

    known = http.post("/v2/models/tiny/versions/0.0.1/infer", json=body)
    unknown = http.post("/v2/models/tiny/versions/9/infer", json=body)

    assert [output["name"] for output in known.json()["outputs"]] == ["label"]
    error_of(unknown, INFER, 404)


def test_the_server_and_its_model_describe_themselves(http: httpx.Client) -> None:
    server = http.get("/v2").json()
    model = http.get("/v2/models/tiny").json()

    assert (server["name"], server["extensions"]) == ("moodline-inference", ["binary_tensor_data"])
    assert model == http.get("/v2/models/tiny/versions/0.0.1").json()
    assert [output["name"] for output in model["outputs"]] == ["label", "scores", "irony"]
    assert http.get("/v2/health/live").json() == {"live": True}
    assert http.get("/v2/health/ready").json() == {"ready": True}
    assert http.get("/v2/models/tiny/ready").json() == {"name": "tiny", "ready": True}
    error_of(http.get("/v2/models/other"), INFER, 404)


@CALLS
def test_a_hostile_text_fails_its_own_request_alone_and_is_named(
    http: httpx.Client, path: str
) -> None:
    def ask(number: int) -> httpx.Response:
        text = FRAGILE_WORD if number % 8 == 3 else "happy dog"
        return http.post(path, json=document_for(path, ["so sad", text]))

    alone = http.post(path, json=document_for(path, ["so sad", "happy dog"])).json()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(ask, range(32)))

    pointer = "/inputs/1" if path == "/predict" else "/inputs/0/data/1"
    for number, response in enumerate(responses):
        if number % 8 == 3:
            assert f"{pointer} could not be classified" in error_of(response, path, 500)
            assert FRAGILE_WORD not in response.text
        else:
            assert response.json() == alone


@CALLS
def test_without_a_key_it_is_401(server: Started, path: str) -> None:
    response = httpx.post(f"{server.url}{path}", json=document_for(path, ["a"]), trust_env=False)

    error_of(response, path, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


@CALLS
def test_257_texts_are_413_and_256_are_not(http: httpx.Client, path: str) -> None:
    fits = http.post(path, json=document_for(path, ["a"] * 256))
    over = http.post(path, json=document_for(path, ["a"] * 257))

    assert fits.status_code == 200
    assert "257 texts" in error_of(over, path, 413)


@CALLS
def test_a_text_of_more_than_25000_characters_is_413(http: httpx.Client, path: str) -> None:
    response = http.post(path, json=document_for(path, ["a", "b" * 25_001]))

    assert "25001 characters" in error_of(response, path, 413)


@CALLS
def test_a_body_over_the_limit_is_413(http: httpx.Client, path: str) -> None:
    body = json.dumps(document_for(path, ["a"])).encode()

    fits = http.post(path, content=body.ljust(BODY_LIMIT), headers=JSON)
    over = http.post(path, content=body.ljust(BODY_LIMIT + 1), headers=JSON)

    assert fits.status_code == 200
    error_of(over, path, 413)


@CALLS
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/vnd.bentoml+pickle"},
        {"content-type": "application/json", "content-encoding": "br"},
        {"content-type": "application/json; charset=utf-16"},
    ],
)
def test_anything_but_plain_json_is_415(
    http: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    body = json.dumps(document_for(path, ["a"]))

    error_of(http.post(path, content=body, headers=headers), path, 415)


@CALLS
@pytest.mark.parametrize("body", ["{", "[]", "{}", "null", "[" * 50_000, '{"inputs": []}'])
def test_a_wrong_shape_is_400(http: httpx.Client, path: str, body: str) -> None:
    error_of(http.post(path, content=body, headers=JSON), path, 400)


def test_triton_clients_that_say_no_content_type_are_answered(server: Started) -> None:
    body = json.dumps(document_for(INFER, ["so sad"])).encode()
    head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY['authorization']}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 200")


@CALLS
def test_more_texts_than_may_wait_are_429_with_a_time_to_come_back(
    http: httpx.Client, path: str
) -> None:
    def ask(_: int) -> httpx.Response:
        return http.post(path, json=document_for(path, ["dog " * 20] * 256))

    ends = time.monotonic() + 60
    refused: list[httpx.Response] = []
    while not refused and time.monotonic() < ends:
        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(ask, range(16)))
        assert {response.status_code for response in responses} <= {200, 429}
        refused = [response for response in responses if response.status_code == 429]

    assert refused
    error_of(refused[0], path, 429)
    assert int(refused[0].headers["retry-after"]) >= 1


def test_a_long_text_is_read_whole_in_windows_that_are_averaged_by_their_tokens(
    http: httpx.Client,
) -> None:
    parts = ["so happy today " * 10, "my sad dog " * 10, "angry"]
    body = {"texts": ["so sad", "".join(parts)], "long_texts": "window"}

    short, whole = post(http, "/v1/classify", body).json()

    pieces = classified(http, parts)
    tokens = sum(piece["tokens"] for piece in pieces)
    assert short == classified(http, ["so sad"])[0]
    assert (whole["tokens"], whole["truncated"]) == (tokens, False)
    assert classified(http, ["".join(parts)])[0]["truncated"] is True
    for name, score in whole["scores"].items():
        mean = sum(piece["scores"][name] * piece["tokens"] for piece in pieces) / tokens
        assert score == pytest.approx(mean, abs=2e-6)


def test_256_long_texts_are_413_when_they_are_to_be_read_whole(http: httpx.Client) -> None:
    body = {"texts": ["dog " * 2_000] * 256, "long_texts": "window"}

    refused = post(http, "/v1/classify", body)
    after = post(http, "/v1/classify", {"texts": ["dog"] * 256})

    assert (refused.status_code, after.status_code) == (413, 200)
    assert "send fewer texts at a time" in refused.json()["errors"][0]["reason"]
