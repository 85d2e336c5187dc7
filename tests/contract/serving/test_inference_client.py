"""The client against a really started server: both sides of one contract."""

import asyncio
import math
from collections.abc import Iterator

import pytest

from serving.client import (
    AsyncInferenceClient,
    InferenceClient,
    InferenceRejectedError,
    Limits,
    RetryPolicy,
)
from tests.support.serving.started import Started
from tests.support.serving.tiny_model import FRAGILE_WORD

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def client(server: Started) -> Iterator[InferenceClient]:
    with InferenceClient(server.url) as client:
        yield client


def test_hundreds_of_texts_come_back_in_order(client: InferenceClient) -> None:
    results = client.classify(["dog " * (number % 29) for number in range(700)])

    assert [result.tokens for result in results] == [number % 29 + 2 for number in range(700)]
    assert all(math.isclose(sum(one.scores.values()), 1.0, abs_tol=1e-5) for one in results)


def test_large_texts_are_split_so_that_no_request_is_too_large(client: InferenceClient) -> None:
    results = client.classify(["😀" * 25_000] * 50)

    assert len(results) == 50
    assert all(result.truncated for result in results)


def test_texts_of_any_content_pass(client: InferenceClient) -> None:
    results = client.classify(["", "\x00", "\ud800", "\udfff\ud800", "\u2028", '"}]'])

    assert len(results) == 6


def test_a_refusal_tells_which_text_it_is(client: InferenceClient) -> None:
    texts = ["a"] * 300 + ["b" * 25_001]

    with pytest.raises(InferenceRejectedError) as caught:
        client.classify(texts)

    assert caught.value.status == 413
    assert caught.value.problem_type == "/problems/payload-too-large"
    assert [fault.where for fault in caught.value.faults] == ["/texts/300"]


def test_a_text_that_fails_is_told_by_its_place(server: Started) -> None:
    with (
        InferenceClient(server.url, retry=RetryPolicy(attempts=2)) as client,
        pytest.raises(InferenceRejectedError) as caught,
    ):
        client.classify(["a"] * 256 + [FRAGILE_WORD], request_id="batch-1")

    assert caught.value.status == 500
    assert [fault.where for fault in caught.value.faults] == ["/texts/256"]


def test_the_model_and_its_limits_are_told(client: InferenceClient) -> None:
    info = client.model()

    assert client.ready()
    assert (info.name, info.labels[7], info.limits) == ("tiny", "irony", Limits())
    assert info.accuracy["toy"]["examples"] == 1


def test_the_asyncio_client_gets_the_same_answers(client: InferenceClient, server: Started) -> None:
    texts = ["I am happy", "so sad", "my dog"]

    async def body() -> None:
        async with AsyncInferenceClient(server.url) as other:
            assert await other.ready()
            assert (await other.model()).name == "tiny"
            assert await other.classify(texts) == client.classify(texts)

    asyncio.run(body())
