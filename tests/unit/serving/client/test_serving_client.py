"""The client's rules, over httpx's own stand-in for a network."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.client import (
    AsyncInferenceClient,
    Classification,
    InferenceAnswerError,
    InferenceBusyError,
    InferenceClient,
    InferenceRejectedError,
    InferenceUnreachableError,
    Limits,
    RetryPolicy,
)
from serving.client.protocol import request_body, split_texts
from serving.schemas import LONG_TEXTS, LongTexts

URL = "http://inference.test"
Handler = Callable[[httpx.Request], httpx.Response]


class FakeServer:
    def __init__(self, *replies: httpx.Response | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply
        lengths = map(len, texts_of(request))
        items = [Classification("joy", {"joy": 1.0}, 0.0, n, truncated=False) for n in lengths]
        return httpx.Response(200, json=[item.to_wire() for item in items])

    def client(self, **options: Any) -> InferenceClient:
        return InferenceClient(
            URL,
            transport=httpx.MockTransport(self),
            sleep=self.pauses.append,
            chance=lambda: 0.0,
            **options,
        )

    def classify(
        self, texts: list[str], long_texts: LongTexts = "truncate", **options: Any
    ) -> list[Classification]:
        with self.client(**options) as client:
            return client.classify(texts, long_texts=long_texts)


def texts_of(request: httpx.Request) -> list[str]:
    texts: list[str] = json.loads(request.content)["texts"]
    return texts


def rejected(status: int, where: str) -> httpx.Response:
    problem = {"type": "t", "detail": "d", "errors": [{"where": where, "reason": "is too long"}]}
    return httpx.Response(status, json=problem)


def busy(status: int, retry_after: str | None = None) -> httpx.Response:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return httpx.Response(status, headers=headers)


@pytest.mark.parametrize(("texts", "sizes"), [(0, []), (3, [3]), (600, [256, 256, 88])])
def test_texts_go_in_requests_within_the_limits_and_results_come_back_in_order(
    texts: int, sizes: list[int]
) -> None:
    server = FakeServer()

    results = server.classify(["x" * length for length in range(texts)])

    assert [len(texts_of(request)) for request in server.requests] == sizes
    assert [(one.tokens, one.label) for one in results] == [(n, "joy") for n in range(texts)]


@given(
    st.lists(st.text(max_size=30), max_size=40),
    st.integers(60, 400),
    st.integers(1, 10),
    st.sampled_from(LONG_TEXTS),
)
def test_split_texts_lose_nothing_and_keep_within_the_limits(
    texts: list[str], body_bytes: int, count: int, long_texts: LongTexts
) -> None:
    limits = Limits(texts=count, body_bytes=body_bytes)

    requests = list(split_texts(texts, limits, long_texts))

    bodies = [request_body(parts, long_texts) for parts in requests]
    assert [text for body in bodies for text in json.loads(body)["texts"]] == texts
    for parts, body in zip(requests, bodies, strict=True):
        assert len(parts) <= count
        assert len(body) <= body_bytes or len(parts) == 1
        assert json.loads(body).get("long_texts", "truncate") == long_texts


def test_halves_of_surrogate_pairs_are_left_out() -> None:
    assert list(split_texts(["a\ud800"], Limits(), "truncate")) == [[b'"a"']]


def test_a_request_with_too_many_windows_is_sent_again_in_halves_and_keeps_its_order() -> None:
    class FewWindows(FakeServer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if sum(map(len, texts_of(request))) <= 4:
                return super().__call__(request)
            self.requests.append(request)
            return rejected(413, "/texts")

    server = FewWindows()

    results = server.classify(["a", "bb", "cc", "d", "", "eeee"], long_texts="window")

    assert [one.tokens for one in results] == [1, 2, 2, 1, 0, 4]
    assert all(json.loads(one.content)["long_texts"] == "window" for one in server.requests)


@pytest.mark.parametrize(
    ("texts", "long_texts", "where"),
    [
        (["a"], "window", "/texts"),
        (["a", "b"], "window", "/texts/1"),
        (["a"] * 9, "truncate", "/texts"),
    ],
)
def test_what_fewer_texts_would_not_help_is_not_sent_again(
    texts: list[str], long_texts: LongTexts, where: str
) -> None:
    server = FakeServer(rejected(413, where))

    with pytest.raises(InferenceRejectedError) as caught:
        server.classify(texts, long_texts=long_texts)

    assert [fault.where for fault in caught.value.faults] == [where]
    assert len(server.requests) == 1


def test_the_key_and_the_request_id_are_sent() -> None:
    server = FakeServer()

    with server.client(key="secret") as client:
        client.classify(["a"], request_id="job-7")

    assert server.requests[0].headers["authorization"] == "Bearer secret"
    assert server.requests[0].headers["x-request-id"] == "job-7"


@pytest.mark.parametrize(
    ("replies", "pauses"),
    [
        *([[busy(status, "3"), busy(status)], [3.0, 0.4]] for status in (429, 502, 503, 504)),
        ([httpx.Response(500, text="<html>"), rejected(500, "/texts/0")], [0.2, 0.4]),
        ([httpx.ConnectError("refused")] * 3, [0.2, 0.4, 0.8]),
        ([httpx.ReadTimeout("late")] * 3, [0.2, 0.4, 0.8]),
        ([httpx.RemoteProtocolError("server disconnected")] * 3, [0.2, 0.4, 0.8]),
    ],
)
def test_it_tries_again_when_a_busy_server_says_or_after_growing_pauses(
    replies: list[httpx.Response | Exception], pauses: list[float]
) -> None:
    server = FakeServer(*replies)

    results = server.classify(["a"])

    assert len(results) == 1
    assert server.pauses == pauses


def test_after_the_last_attempt_the_error_says_what_it_was() -> None:
    server = FakeServer(*[httpx.ConnectError("refused")] * 9)

    with pytest.raises(InferenceUnreachableError, match="ConnectError"):
        server.classify(["a"], retry=RetryPolicy(attempts=3))

    assert (len(server.requests), len(server.pauses)) == (3, 2)


def test_no_pause_goes_over_the_budget() -> None:
    server = FakeServer(busy(429, "4"), busy(429, "4"), busy(429, "4"))

    with pytest.raises(InferenceBusyError) as caught:
        server.classify(["a"], retry=RetryPolicy(pause_budget=9.0))

    assert server.pauses == [4.0, 4.0]
    assert caught.value.retry_after == 4.0


@pytest.mark.parametrize("asked", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon", "1.5", "²"])
def test_a_retry_after_that_is_no_number_of_seconds_is_not_followed(asked: str) -> None:
    server = FakeServer(httpx.Response(503, headers=[(b"retry-after", asked.encode())]))

    server.classify(["a"])

    assert server.pauses == [0.2]


def test_pauses_are_spread_at_random() -> None:
    policy = RetryPolicy()

    assert policy.pause(1, None, 0.0) == 0.2
    assert policy.pause(1, None, 1.0) == 0.25
    assert policy.pause(1, 8.0, 1.0) == 10.0
    assert policy.pause(50, None, 0.0) == policy.longest_pause


@pytest.mark.parametrize("status", [400, 401, 404, 413, 415, 501])
def test_a_refusal_is_not_tried_again_and_tells_why(status: int) -> None:
    faults = [{"where": "/texts/1", "reason": "is wrong"}]
    document = {"type": "/problems/some", "detail": "Not so.", "errors": faults}
    server = FakeServer(httpx.Response(status, json=document))

    with pytest.raises(InferenceRejectedError) as caught:
        server.classify(["a", "b"])

    assert len(server.requests) == 1
    assert (caught.value.status, caught.value.problem_type) == (status, "/problems/some")
    assert "Not so." in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"label": "joy"}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=[{"label": "joy"}]),
        httpx.Response(400, text="<html>"),
        httpx.Response(302, headers={"location": "/elsewhere"}),
        httpx.Response(400, json={"type": "/problems/some"}),
        httpx.Response(400, json=["a"]),
    ],
)
def test_an_answer_that_the_contract_does_not_know_is_an_error_of_its_own(
    reply: httpx.Response,
) -> None:
    with pytest.raises(InferenceAnswerError):
        FakeServer(reply).classify(["a"])


def test_ready_says_no_instead_of_raising() -> None:
    server = FakeServer(httpx.Response(200), busy(503), httpx.ConnectError("refused"))

    with server.client() as client:
        assert [client.ready() for _ in range(3)] == [True, False, False]

    assert server.pauses == []


def test_the_model_is_described() -> None:
    document = {
        "name": "m",
        "version": "1",
        "base": "b",
        "precision": "int8",
        "labels": ["anger"],
        "max_tokens": 256,
        "accuracy": {"set": {"macro_f1": 0.5}},
        "limits": {"texts": 8, "text_chars": 9, "body_bytes": 10, "later": 11},
    }
    server = FakeServer(httpx.Response(200, json=document), httpx.Response(200, json={}))

    with server.client() as client:
        info = client.model()
        with pytest.raises(InferenceAnswerError):
            client.model()

    assert (info.name, info.precision, info.limits) == ("m", "int8", Limits(8, 9, 10))
    assert info.accuracy["set"]["macro_f1"] == 0.5


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://host", "", "http://", "http://[::x]"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|must be like"):
        InferenceClient(url)


def test_the_asyncio_client_follows_the_same_rules() -> None:
    server = FakeServer(busy(429, "2"), httpx.ConnectError("refused"))

    async def pause(seconds: float) -> None:
        server.pauses.append(seconds)

    async def body() -> None:
        async with AsyncInferenceClient(
            URL, transport=httpx.MockTransport(server), sleep=pause, chance=lambda: 0.0
        ) as client:
            results = await client.classify(["a", "bb"])
            server.replies.append(busy(503))
            ready = await client.ready()

        assert [result.tokens for result in results] == [1, 2]
        assert not ready

    asyncio.run(body())

    assert server.pauses == [2.0, 0.4]


def test_the_client_needs_neither_the_server_nor_the_model() -> None:
    script = (
        "import sys, serving.client;"
        "print(*{'bentoml', 'onnxruntime', 'numpy', 'tokenizers', 'pydantic'} & set(sys.modules))"
    )

    loaded = subprocess.check_output([sys.executable, "-c", script], text=True)

    assert loaded.strip() == ""
