"""No value of a request is taken for anything but a value."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import WiredService, problem, wire_service

OPERATORS = [
    {"$gt": ""},
    {"$ne": None},
    {"$where": "1"},
    [{"$gt": ""}],
    ["alice"],
    None,
    True,
    {"user_name": "alice"},
]
TEXTS = [
    "$gt",
    "no-such.name",
    "alice' OR '1'='1",
    "alice\n",
    "alice\x00",
    "",
    "%",
    "a.b",
    "ａｌｉｃｅ",
    "..",
    "*",
]


@pytest.fixture(scope="module")
def wired(settings: Settings) -> Iterator[WiredService]:
    """A wired service in which Alice was analysed; no call of these tests changes her data."""
    with wire_service(MemoryStore(), settings) as opened:
        opened.analysed("alice")
        yield opened


@pytest.mark.parametrize("value", OPERATORS, ids=str)
@pytest.mark.parametrize("field", ["user_name", "source", "as_of", "max_posts", "consent"])
def test_an_operator_in_a_body_is_refused(wired: WiredService, field: str, value: Any) -> None:
    body = {"user_name": "alice", "consent": True, field: value}

    answer = wired.client.post("/v1/analyses", json=body)

    if (field, value) in (("consent", True), ("max_posts", None)):
        assert answer.status_code == 202
        return
    errors = problem(answer, 400, "invalid-request")["errors"]
    assert {error["where"].split("/")[1] for error in errors} == {field}


@pytest.mark.parametrize("value", OPERATORS, ids=str)
def test_an_operator_for_a_mood_is_refused(wired: WiredService, value: Any) -> None:
    user = wired.client.get("/v1/users/alice").get_json()

    answer = wired.client.post(f"/v1/analyses/{user['analysis_id']}/feedback", json={"mood": value})

    problem(answer, 400, "invalid-request")


@pytest.mark.parametrize("value", [value for value in OPERATORS if value is not True], ids=str)
def test_an_operator_for_an_agreement_is_refused(wired: WiredService, value: Any) -> None:
    answer = wired.client.put("/v1/users/alice/consent", json={"matchable": value})

    problem(answer, 400, "invalid-request")


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_name_that_is_none_is_refused_in_a_body(wired: WiredService, text: str) -> None:
    answer = wired.client.post("/v1/analyses", json={"user_name": text, "consent": True})

    problem(answer, 400, "invalid-request")


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in ("", "..")], ids=repr)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/{}",
        "/v1/users/{}/export",
        "/v1/users/{}/timeline",
        "/v1/users/{}/recommendations",
        "/start_analysis/{}?consent=true",
        "/recomend_friends/{}",
    ],
)
def test_a_name_that_is_none_is_refused_in_an_address(
    wired: WiredService, path: str, text: str
) -> None:
    answer = wired.client.get(path.format(quote(text, safe="")))

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "user_name"


@pytest.mark.parametrize("query", ["bucket[$ne]=x", "country[$gt]=", "bucket=day&$where=1"])
def test_an_operator_in_a_query_is_refused(wired: WiredService, query: str) -> None:
    path = "/v1/users/alice" if "country" in query else "/v1/users/alice/timeline"

    problem(wired.client.get(f"{path}?{query}"), 400, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/users/alice/recommendations"),
        ("GET", "/v1/users/alice/export"),
        ("DELETE", "/v1/users/alice"),
        ("PUT", "/v1/users/alice/consent"),
        ("GET", "/recommend_friends/alice"),
    ],
)
def test_a_parameter_that_a_call_does_not_have_is_refused(
    wired: WiredService, method: str, path: str
) -> None:
    answer = wired.client.open(f"{path}?user_name[$ne]=x", method=method)

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "user_name[$ne]"
    assert wired.client.get("/v1/users/alice").status_code == 200


@pytest.mark.parametrize("text", ["$ne", '{"$gt": ""}', "*", "%", "' OR 1=1 --", "a" * 65])
def test_an_id_that_is_none_finds_nothing(wired: WiredService, text: str) -> None:
    answer = wired.client.get(f"/v1/analyses/{quote(text, safe='')}")

    assert answer.status_code in (400, 404)
