"""Web pages elsewhere may use the service where they are named, and only there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.settings import Settings
from tests.integration.api.conftest import House, open_house, problem
from tests.support.fakes import MemoryStore

PAGE = "https://app.example.org"


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    with open_house(MemoryStore(), settings.model_copy(update={"cors_origins": (PAGE,)})) as opened:
        yield opened


def from_page(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site"}


def test_a_named_page_may_ask_first(house: House) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }

    answer = house.client.options("/v1/analyses", headers=asked)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_named_page_may_start_an_analysis_and_see_where_it_is(house: House) -> None:
    house.import_posts("alice", 1)
    asked = {"user_name": "alice", "consent": True}

    answer = house.client.post("/v1/analyses", json=asked, headers=from_page(PAGE))

    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]


def test_a_named_page_may_use_the_original_call(house: House) -> None:
    house.service.start()

    answer = house.client.get("/start_analysis/alice?consent=true", headers=from_page(PAGE))

    assert answer.status_code == 200


def test_a_named_page_reads_why_it_was_refused(house: House) -> None:
    answer = house.client.get("/v1/users/nobody", headers=from_page(PAGE))

    problem(answer, 404, "not-found")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.org.evil.example", "null"]
)
def test_no_other_page_may(house: House, origin: str) -> None:
    read = house.client.get("/v1/users/nobody", headers=from_page(origin))
    changed = house.client.put("/v1/users/alice/consent", headers=from_page(origin))

    assert "Access-Control-Allow-Origin" not in read.headers
    problem(changed, 403, "cross-site")
