"""Web pages elsewhere may use the service where they are named, and only there."""

from collections.abc import Iterator

import pytest

from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import WiredService, problem, wire_service

PAGE = "https://app.example.org"


@pytest.fixture
def wired(settings: Settings) -> Iterator[WiredService]:
    with wire_service(
        MemoryStore(), settings.model_copy(update={"cors_origins": (PAGE,)})
    ) as opened:
        yield opened


def from_page(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site"}


def test_a_named_page_may_ask_first(wired: WiredService) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }

    answer = wired.client.options("/v1/analyses", headers=asked)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_named_page_may_start_an_analysis_and_see_where_it_is(wired: WiredService) -> None:
    wired.import_posts("alice", 1)
    asked = {"user_name": "alice", "consent": True}

    answer = wired.client.post("/v1/analyses", json=asked, headers=from_page(PAGE))

    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]


def test_a_named_page_may_use_the_original_call(wired: WiredService) -> None:
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true", headers=from_page(PAGE))

    assert answer.status_code == 200


def test_a_named_page_reads_why_it_was_refused(wired: WiredService) -> None:
    answer = wired.client.get("/v1/users/nobody", headers=from_page(PAGE))

    problem(answer, 404, "not-found")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.org.evil.example", "null"]
)
def test_no_other_page_may(wired: WiredService, origin: str) -> None:
    read = wired.client.get("/v1/users/nobody", headers=from_page(origin))
    changed = wired.client.put("/v1/users/alice/consent", headers=from_page(origin))

    assert "Access-Control-Allow-Origin" not in read.headers
    problem(changed, 403, "cross-site")
