"""BentoML's own clients and pages, over a socket, against a really started server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import bentoml
import httpx
import pytest

from tests.support.serving.started import Started
from tests.support.serving.tiny_model import FRAGILE_WORD

pytestmark = [
    pytest.mark.integration,
    # BentoML uses what its dependencies deprecate, when its client is first named: hence the
    # annotations in quotes.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

TEXTS = ["I am so happy today", "so sad", "dog " * 40]


@pytest.fixture
def expected(http: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = http.post("/v1/classify", json={"texts": TEXTS}).json()
    return items


@pytest.fixture
def client(server: Started) -> Iterator["bentoml.SyncHTTPClient"]:
    with bentoml.SyncHTTPClient(server.url) as client:
        yield client
        client._temp_dir.cleanup()  # left to the garbage collector, which warns


def test_the_synchronous_client_classifies(
    client: "bentoml.SyncHTTPClient", expected: list[Any]
) -> None:
    assert client.is_ready()
    assert client.classify(texts=TEXTS) == expected


def test_the_asynchronous_client_classifies(server: Started, expected: list[Any]) -> None:
    async def body() -> None:
        async with bentoml.AsyncHTTPClient(server.url) as client:
            assert await client.classify(texts=TEXTS) == expected
            client._temp_dir.cleanup()

    asyncio.run(body())


@pytest.mark.parametrize(("texts", "status"), [([], 400), ([FRAGILE_WORD], 500)])
def test_a_refusal_reaches_the_client_with_its_status(
    client: "bentoml.SyncHTTPClient", texts: list[str], status: int
) -> None:
    with pytest.raises(bentoml.exceptions.BentoMLException) as caught:
        client.classify(texts=texts)

    assert caught.value.error_code == status


def test_the_schema_and_the_health_page_are_bentomls(http: httpx.Client) -> None:
    schema = http.get("/schema.json")
    (route,) = schema.json()["routes"]

    assert schema.headers["content-type"] == "application/json"
    assert (route["name"], route["route"]) == ("classify", "/v1/classify")
    assert http.get("/healthz").status_code == 200
    assert http.post("/healthz").status_code == 405
