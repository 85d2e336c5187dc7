"""What all wire formats have in common: the rules of the contract, in the words of each."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from serving.http.problems import KINDS
from serving.scheduling.queue import QueuedRequest
from tests.support.serving.by_hand import (
    Caller,
    FakeScheduler,
    Response,
    application,
    server_parts,
    until,
)

pytestmark = pytest.mark.anyio

KEYS = {"api": "0123456789abcdef"}
SHOWN = {"authorization": "Bearer 0123456789abcdef"}
INFER = "/v2/models/fake/infer"
OIP_PATHS = (INFER, "/v2/models/fake/versions/1/infer")
TEI_PATHS = ("/", "/predict", "/invocations")
PATHS = ("/v1/classify", *TEI_PATHS, *OIP_PATHS)
CALLS = pytest.mark.parametrize("path", PATHS)
TEI_WORDS = {429: "Overloaded", 500: "Backend", 503: "Unhealthy", 504: "Backend"}


def document_for(path: str, texts: Sequence[str]) -> dict[str, Any]:
    data = list(texts)
    if path == "/v1/classify":
        return {"texts": data}
    if path in TEI_PATHS:
        return {"inputs": [[text] for text in data]}
    return {"inputs": [{"name": "t", "datatype": "BYTES", "shape": [len(data)], "data": data}]}


def assert_worded(path: str, answer: Response, status: int) -> None:
    """Check an error's status and that its body is the one of the wire format at `path`."""
    document = answer.json()
    assert answer.status == status
    if path == "/v1/classify":
        assert answer.headers["content-type"] == "application/problem+json"
        (kind,) = (kind for kind in KINDS.values() if kind.status == status)
        assert document["type"] == kind.path
        return
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(document.pop("error"), str)
    word = TEI_WORDS.get(status, "Validation")
    assert document == ({"error_type": word} if path in (*TEI_PATHS, "/info") else {})


@CALLS
async def test_a_key_is_asked_for_before_the_request_is_looked_at(path: str) -> None:
    caller = Caller(application(keys=KEYS))

    without = await caller.request("POST", path, {}, [b"nonsense"])
    shown = await caller.post(path, document_for(path, ["a"]), headers=SHOWN)

    assert_worded(path, without, 401)
    assert without.headers["www-authenticate"].startswith("Bearer")
    assert shown.status == 200


@CALLS
async def test_before_it_is_warm_it_says_503_and_when_to_come_back(path: str) -> None:
    caller = Caller(application(ready=False))

    cold = await caller.post(path, document_for(path, ["a"]))

    assert_worded(path, cold, 503)
    assert int(cold.headers["retry-after"]) > 0


@CALLS
async def test_all_protocols_share_one_queue_counted_in_texts(path: str) -> None:
    scheduler = FakeScheduler(blocked=True)
    caller = Caller(application(scheduler=scheduler, queue_texts=256))
    queued = asyncio.create_task(caller.classify({"texts": ["a"] * 200}))
    await until(lambda: bool(scheduler.came))

    refused = await caller.post(path, document_for(path, ["b"] * 57))
    fits = asyncio.create_task(caller.post(path, document_for(path, ["c"] * 56)))
    scheduler.go_on.set()

    assert_worded(path, refused, 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert ((await queued).status, (await fits).status) == (200, 200)
    assert ["b"] * 57 not in scheduler.came


@CALLS
async def test_after_the_deadline_it_says_504(path: str) -> None:
    scheduler = FakeScheduler(blocked=True)
    caller = Caller(application(scheduler=scheduler, deadline_seconds=0.05))

    late = await caller.post(path, document_for(path, ["a"]))
    scheduler.go_on.set()

    assert_worded(path, late, 504)
    assert "retry-after" in late.headers


@CALLS
async def test_a_text_that_failed_is_named_and_nothing_of_it_is_quoted(path: str) -> None:
    caller = Caller(application())

    failed = await caller.post(path, document_for(path, ["a", "bad"]))

    assert_worded(path, failed, 500)
    if path == "/v1/classify":
        fault = {"where": "/texts/1", "reason": "could not be classified"}
        assert failed.json()["errors"] == [fault]
    else:
        pointer = "/inputs/1" if path in TEI_PATHS else "/inputs/0/data/1"
        assert f"{pointer} could not be classified" in failed.json()["error"]


@CALLS
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json; charset=latin-1"}, 415),
        ({"content-type": "application/json", "content-encoding": "br"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip, gzip"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 400),
        ({"content-type": "application/json"}, 400),
    ],
)
async def test_a_body_of_another_kind_is_refused(
    path: str, headers: dict[str, str], status: int
) -> None:
    caller = Caller(application())

    refused = await caller.request("POST", path, headers, [b"nonsense"])

    assert_worded(path, refused, status)


@CALLS
@pytest.mark.parametrize("headers", [{}, {"content-type": "application/octet-stream"}])
async def test_a_body_of_no_said_type_is_json_only_where_clients_send_it_so(
    path: str, headers: dict[str, str]
) -> None:
    caller = Caller(application())
    sent = json.dumps(document_for(path, ["a"])).encode()

    answer = await caller.request("POST", path, headers, [sent])

    assert answer.status == (200 if path in OIP_PATHS else 415)


@CALLS
@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", '"utf-8"', "'utf-8'", "US-ASCII", "utf-8; profile=x"]
)
async def test_utf_8_may_be_written_in_each_of_its_ways_and_begin_with_its_mark(
    path: str, charset: str
) -> None:
    sent = b"\xef\xbb\xbf" + json.dumps(document_for(path, ["a"])).encode()
    headers = {"content-type": f"application/json; charset={charset}"}

    answer = await Caller(application()).request("POST", path, headers, [sent])

    assert answer.status == 200


@CALLS
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "identity"])
async def test_a_packed_body_is_answered_as_one_that_is_not(path: str, encoding: str) -> None:
    caller = Caller(application())
    sent = json.dumps(document_for(path, ["a", "b"])).encode()
    pack = {"deflate": zlib.compress, "identity": bytes}.get(encoding, gzip.compress)
    headers = {"content-type": "application/json", "content-encoding": encoding}

    packed = await caller.request("POST", path, headers, [pack(sent)])
    plain = await caller.post(path, document_for(path, ["a", "b"]))

    assert (packed.status, packed.body) == (200, plain.body)


@CALLS
async def test_few_bytes_that_unpack_to_very_many_are_413(path: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    refused = await Caller(application()).request("POST", path, headers, [bomb])

    assert_worded(path, refused, 413)


@CALLS
async def test_a_field_that_is_not_known_is_refused_and_named(path: str) -> None:
    document = {**document_for(path, ["a"]), "max_lenght": 3}

    refused = await Caller(application()).post(path, document)

    assert_worded(path, refused, 400)
    assert "/max_lenght" in refused.body.decode()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/classify", 405),
        ("GET", "/predict", 405),
        ("GET", "/", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/info", 405),
        ("GET", "/v2/repository/index", 405),
        ("GET", INFER, 405),
        ("POST", "/v2/models/fake", 405),
        ("GET", "/predict/more", 404),
        ("GET", "/v2/models/other", 404),
        ("POST", "/v2/models/other/infer", 404),
        ("POST", "/v2/models/fake/versions/2/infer", 404),
        ("GET", "/v2/nothing", 404),
    ],
)
async def test_a_path_or_method_that_there_is_not_is_told_in_the_words_of_its_protocol(
    method: str, path: str, status: int
) -> None:
    caller = Caller(application())

    answer = await caller.request(method, path)

    assert_worded("/predict" if "predict" in path else path, answer, status)


@pytest.mark.parametrize("path", ["/predictions", "/v2x", "/v3"])
async def test_a_path_that_only_begins_like_a_protocols_gets_a_problem(path: str) -> None:
    answer = await Caller(application()).request("GET", path)

    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fault_of_our_own_is_told_in_the_words_of_the_protocol() -> None:
    class Broken(FakeScheduler):
        def submit(self, request: QueuedRequest) -> None:
            request.settle(
                (index, b"no json: secret detail") for index in range(len(request.texts))
            )

    app = application(scheduler=Broken())

    for path in PATHS[1:]:
        answer = await Caller(app).post(path, document_for(path, ["a"]))

        assert_worded(path, answer, 500)
        assert b"secret" not in answer.body


async def test_requests_are_counted_by_the_paths_that_are_served_and_texts_by_key() -> None:
    parts = server_parts(keys=KEYS)
    caller = Caller(application(parts))

    for path in PATHS:
        await caller.post(path, document_for(path, ["a", "b"]), headers=SHOWN)
    for number in range(20):
        await caller.request("POST", f"/v2/models/unknown{number}/infer")
    page = parts.metrics.page().body.decode()

    for path in PATHS:
        assert f'requests_total{{key="api",route="{path}",status="200"}} 1.0' in page
    assert 'texts_total{key="api"} 12.0' in page
    assert 'requests_total{key="",route="other",status="404"} 20.0' in page
    assert "unknown" not in page


async def test_the_models_description_needs_a_key_and_its_health_does_not() -> None:
    async def status(path: str) -> int:
        return (await Caller(application(keys=KEYS)).request("GET", path)).status

    closed = (
        "/v1/model",
        "/info",
        "/v2/models",
        "/v2",
        "/v2/",
        "/v2/models/fake",
        "/v2/models/fake/versions/1",
    )
    open_ = (
        "/readyz",
        "/health",
        "/ping",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/fake/ready",
        "/v2/models/fake/versions/1/ready",
    )

    assert [await status(path) for path in closed] == [401] * len(closed)
    assert [await status(path) for path in open_] == [200] * len(open_)


async def test_readiness_is_the_servers_and_liveness_is_not() -> None:
    caller = Caller(application(ready=False))

    not_ready = ("/readyz", "/health", "/ping", "/v2/health/ready", "/v2/models/fake/ready")
    live = await caller.request("GET", "/v2/health/live")

    assert [(await caller.request("GET", path)).status for path in not_ready] == [503] * 5
    assert (await caller.request("GET", "/livez")).status == 200
    assert (live.status, live.json()) == (200, {"live": True})
