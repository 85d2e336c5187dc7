"""The inference contract, as a caller of a really started server meets it."""

import json
import math
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.serving.started import Started
from tests.support.serving.tiny_model import FRAGILE_WORD

pytestmark = pytest.mark.integration

EMOTIONS = ["anger", "fear", "joy", "love", "sadness", "surprise", "neutral"]
JSON = {"content-type": "application/json"}
BODY_LIMIT = 2 * 1024 * 1024


def problem_of(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Return the problem document, after checking what all of them have in common."""
    document: dict[str, Any] = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["trace_id"] == response.headers["x-request-id"]
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in response.text
    return document


def test_a_text_is_answered_with_its_emotions(http: httpx.Client) -> None:
    response = http.post("/v1/classify", json={"texts": ["I am so happy today"]})

    (item,) = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert list(item) == ["label", "scores", "irony", "tokens", "truncated"]
    assert list(item["scores"]) == EMOTIONS
    assert math.isclose(sum(item["scores"].values()), 1.0, abs_tol=1e-5)
    assert item["label"] == max(item["scores"], key=item["scores"].__getitem__)
    assert (item["tokens"], item["truncated"]) == (7, False)


def test_256_texts_are_answered_in_their_order(http: httpx.Client) -> None:
    texts = ["dog " * (number % 37) for number in range(256)]

    items = http.post("/v1/classify", json={"texts": texts}).json()

    assert [item["tokens"] for item in items] == [min(32, number % 37 + 2) for number in range(256)]
    assert [item["truncated"] for item in items] == [number % 37 > 30 for number in range(256)]


def test_texts_of_any_content_are_classified(http: httpx.Client) -> None:
    texts = ["", " ", "\x00", "\ud800", "\udc00\ud83d", "😀" * 99, "\u202e", "a" * 25_000, "]}"]

    response = http.post("/v1/classify", content=json.dumps({"texts": texts}), headers=JSON)

    assert response.status_code == 200
    assert len(response.json()) == len(texts)


def test_many_callers_at_once_each_get_their_own_answers(http: httpx.Client) -> None:
    def ask(number: int) -> bool:
        lengths = [(number * 7 + step) % 30 for step in range(1 + number % 9)]
        texts = ["dog " * length for length in lengths]
        items = http.post("/v1/classify", json={"texts": texts}).json()
        return [item["tokens"] for item in items] == [length + 2 for length in lengths]

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(ask, range(200)))

    assert all(outcomes)


def test_a_text_that_fails_does_not_fail_the_requests_it_shares_a_batch_with(
    http: httpx.Client,
) -> None:
    def ask(number: int) -> int:
        text = FRAGILE_WORD if number % 8 == 3 else "happy dog"
        return http.post("/v1/classify", json={"texts": ["so sad", text]}).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(ask, range(64)))

    assert statuses == [500 if number % 8 == 3 else 200 for number in range(64)]


def test_a_text_that_fails_is_named(http: httpx.Client) -> None:
    response = http.post("/v1/classify", json={"texts": ["happy", FRAGILE_WORD]})

    document = problem_of(response, 500, "unexpected")
    assert [fault["where"] for fault in document["errors"]] == ["/texts/1"]
    assert FRAGILE_WORD not in response.text


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("{", None),
        ('"text"', ""),
        ("{}", "/texts"),
        ('{"texts": []}', "/texts"),
        ('{"texts": "text"}', "/texts"),
        ('{"texts": ["a", 2]}', "/texts/1"),
        ('{"texts": ["a"], "text": "b"}', "/text"),
        ("[" * 50_000, None),
    ],
)
def test_a_wrong_shape_is_400_and_points_at_the_place(
    http: httpx.Client, body: str, where: str | None
) -> None:
    response = http.post("/v1/classify", content=body, headers=JSON)

    faults = problem_of(response, 400, "invalid-request")["errors"]
    assert [fault["where"] for fault in faults] == ([] if where is None else [where])


@pytest.mark.parametrize(
    ("texts", "where", "reason"),
    [
        (["a"] * 257, "/texts", "has 257 texts, the limit is 256"),
        (["a", "b" * 25_001], "/texts/1", "has 25001 characters, the limit is 25000"),
    ],
)
def test_too_many_texts_or_characters_are_413(
    http: httpx.Client, texts: list[str], where: str, reason: str
) -> None:
    response = http.post("/v1/classify", json={"texts": texts})

    faults = problem_of(response, 413, "payload-too-large")["errors"]
    assert faults == [{"where": where, "reason": reason}]


def test_a_body_as_large_as_the_limit_is_taken_and_one_byte_more_is_413(
    http: httpx.Client,
) -> None:
    body = b'{"texts": ["a"]}'

    fits = http.post("/v1/classify", content=body.ljust(BODY_LIMIT), headers=JSON)
    over = http.post("/v1/classify", content=body.ljust(BODY_LIMIT + 1), headers=JSON)

    assert fits.status_code == 200
    problem_of(over, 413, "payload-too-large")


def test_a_streamed_body_over_the_limit_is_413_without_a_declared_length(
    http: httpx.Client,
) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(3 * BODY_LIMIT // 65_536):
            yield b" " * 65_536

    response = http.post("/v1/classify", content=stream(), headers=JSON)

    assert response.request.headers["transfer-encoding"] == "chunked"
    problem_of(response, 413, "payload-too-large")


def test_a_body_without_end_is_cut_off(server: Started) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    sent = 0

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 100 * BODY_LIMIT:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # the server has closed the connection

    assert sent < 50 * BODY_LIMIT


def test_a_streamed_body_within_the_limit_is_classified(http: httpx.Client) -> None:
    def stream() -> Iterator[bytes]:
        yield b'{"texts": ['
        yield b'"a", "b'
        yield b'"]}'

    response = http.post("/v1/classify", content=stream(), headers=JSON)

    assert len(response.json()) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/vnd.bentoml+pickle"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "br"},
    ],
)
def test_anything_but_plain_json_is_415(http: httpx.Client, headers: dict[str, str]) -> None:
    response = http.post("/v1/classify", content=b'{"texts": ["a"]}', headers=headers)

    problem_of(response, 415, "unsupported-media")


def test_a_pickle_is_never_loaded(http: httpx.Client, server: Started) -> None:
    pickle = b"cos\nsystem\n(S'echo pickle-was-loaded'\ntR."
    for headers in ({"content-type": "application/vnd.bentoml+pickle"}, JSON):
        response = http.post("/v1/classify", content=pickle, headers=headers)

        assert response.status_code in (400, 415)

    assert "pickle-was-loaded" not in server.said()


@pytest.mark.parametrize("content_type", ["Application/JSON", 'application/json; charset="UTF-8"'])
def test_the_content_type_may_be_written_in_other_ways(
    http: httpx.Client, content_type: str
) -> None:
    headers = {"content-type": content_type}

    response = http.post("/v1/classify", content=b'{"texts": ["a"]}', headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/classify", "/v1/classify/", "/%2e%2e", "/problems/x"])
def test_a_path_that_is_not_served_is_404(http: httpx.Client, path: str) -> None:
    problem_of(http.get(path), 404, "not-found")
    problem_of(http.post(path, json={"texts": ["a"]}), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/classify", "POST"),
        ("PUT", "/v1/classify", "POST"),
        ("POST", "/v1/model", "GET, HEAD"),
        ("DELETE", "/readyz", "GET, HEAD"),
    ],
)
def test_another_method_is_405_and_told_which_are_taken(
    http: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = http.request(method, path)

    problem_of(response, 405, "method-not-allowed")
    assert response.headers["allow"] == allowed


def test_the_server_is_alive_ready_and_says_which_model_it_serves(http: httpx.Client) -> None:
    model = http.get("/v1/model").json()

    assert http.get("/livez").status_code == 200
    assert http.get("/readyz").status_code == 200
    assert (model["name"], model["labels"][:2]) == ("tiny", ["anger", "fear"])
    assert model["accuracy"]["toy"]["macro_f1"] == 0.5
    assert model["accuracy"]["toy"]["accuracy_ci"] == [0.25, 0.75]
    assert model["limits"] == {"texts": 256, "text_chars": 25_000, "body_bytes": BODY_LIMIT}


def test_the_openapi_document_describes_what_is_served(http: httpx.Client) -> None:
    document = http.get("/docs.json").json()

    described = {"200", "400", "401", "413", "415", "429", "500", "503", "504"}
    infer = ("/v2/models/tiny/infer", "/v2/models/tiny/versions/0.0.1/infer")
    assert document["openapi"].startswith("3.1")
    for path in ("/v1/classify", "/predict", *infer):
        assert set(document["paths"][path]["post"]["responses"]) == described
    for path, item in document["paths"].items():
        if "get" in item:
            assert http.get(path).status_code == 200, path


def test_metrics_count_texts_tokens_and_padding(http: httpx.Client) -> None:
    def value(name: str) -> float:
        lines = http.get("/metrics").text.splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(name)))

    names = [f"moodline_serving_{kind}_total" for kind in ("tokens", "padded_tokens", "groups")]
    before = [value(name) for name in names]
    http.post("/v1/classify", json={"texts": ["dog", "dog dog dog dog"]})
    after = [value(name) for name in names]

    assert [new - old for new, old in zip(after, before, strict=True)] == [9.0, 9.0, 2.0]
    assert value('moodline_serving_texts_total{key="anonymous"}') > 0
    assert value("moodline_serving_held_texts") == 0


def test_unknown_paths_do_not_make_the_metrics_grow(http: httpx.Client) -> None:
    http.get("/nowhere")
    http.get("/metrics")  # which has its own lines from the second time on
    before = len(http.get("/metrics").text.splitlines())

    for number in range(50):
        http.get(f"/nowhere/{number}")

    assert len(http.get("/metrics").text.splitlines()) == before


def test_the_caller_may_name_the_request(http: httpx.Client) -> None:
    response = http.get("/nowhere", headers={"x-request-id": "job-7.a"})

    assert response.headers["x-request-id"] == "job-7.a"
    assert response.json()["trace_id"] == "job-7.a"


def test_a_caller_that_leaves_does_no_harm(http: httpx.Client, server: Started) -> None:
    request = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    def leave() -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(request + b'Content-Length: 16\r\n\r\n{"texts": ["a"]}')

    leavers = [threading.Thread(target=leave) for _ in range(30)]
    for leaver in leavers:
        leaver.start()
    for leaver in leavers:
        leaver.join()

    assert http.post("/v1/classify", json={"texts": ["a"]}).status_code == 200
