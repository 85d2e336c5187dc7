"""Each call answers the very fields and headers that the OpenAPI document names.

Calls that read are made as the document lists them, so a new one is checked without being named
here; calls that change something are named, and a new one has to be.
"""

from typing import Any

import jsonschema_rs
import pytest
from werkzeug.test import TestResponse

from api.domain.mood.scoring import DEFAULT
from api.domain.posts import EMOTIONS
from api.routes.documents.results import result_document
from tests.integration.api.test_openapi_conformance import closed
from tests.support.wired_service import WiredService, upload

USER = "ben_grey"
CHANGING: dict[str, dict[str, Any]] = {
    "import_posts": upload(b"text,created_at\nso sad,2026-02-20\n", "posts.csv"),
    "give_consent": {"json": {"matchable": True, "training": True}},
    "correct_post": {"json": {"post_id": "0", "emotion": "love"}},
    "take_correction_back": {"query_string": {"post_id": "0"}},
    "start_analysis": {"json": {"user_name": USER, "consent": True}},
    "give_feedback": {"json": {"mood": "Stressed"}},
    "cancel_analysis": {},
    "withdraw_consent": {},
    "erase_user": {},
}
"""The calls that change something, in an order in which each can be done."""

ELSEWHERE = ("sign_in_at_x", "come_back_from_x")
"""Calls that redirect a browser to X and back."""

SENT_WITH = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


def inner(fault: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Return the faults that a fault with alternatives, such as null, consists of."""
    branches = getattr(fault.kind, "context", None) or []
    return [found for branch in branches for each in branch for found in inner(each)] or [fault]


def checked(document: dict[str, Any], operation: dict[str, Any], answer: TestResponse) -> None:
    """Check an answer: its status, the fields of its JSON, and the headers that it must have."""
    name, told = operation["operationId"], operation["responses"]
    assert str(answer.status_code) in told, f"{name}: {answer.status} {answer.text}"
    described = told[str(answer.status_code)]
    media = (described.get("content") or {}).get(answer.mimetype)
    if answer.mimetype == "application/json" and answer.data:
        assert media, f"{name} answers JSON, of which the document says nothing"
        schema = {**media["schema"], "components": document["components"]}
        check = jsonschema_rs.Draft202012Validator(schema)
        faults = [fault for each in check.iter_errors(answer.get_json()) for fault in inner(each)]
        assert [f"{name}: {list(each.instance_path)} {each.message}" for each in faults] == []
    for header in described["headers"]:
        assert header in answer.headers, f"{name} answers {answer.status} without {header}"


@pytest.fixture
def calls(wired: WiredService) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return method, path and operation of each call, by its id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in wired.service.app.api_doc["paths"].items()
        for method, operation in item.items()
    }


def test_every_answer_has_the_fields_that_the_document_names(
    wired: WiredService, calls: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    document = closed(wired.service.app.api_doc)
    wired.analysed(USER, "joy")
    days = range(20, 28)
    wired.import_lines(
        USER, *({"text": f"much sadness {day}", "created_at": f"2026-02-{day}"} for day in days)
    )
    names = {"user_name": USER, "analysis_id": wired.start(USER).get_json()["analysis_id"]}
    wired.work()
    result = wired.client.get(f"/v1/users/{USER}").get_json()["result"]
    assert result["changed_by"], "a richer answer was meant to be checked"
    assert result["support"]
    reading = {name for name, (method, _, _) in calls.items() if method == "GET"} - {*ELSEWHERE}

    for name in (*sorted(reading - {"start_analysis_and_wait"}), *CHANGING):
        method, path, operation = calls[name]
        if name == "cancel_analysis":
            names["analysis_id"] = wired.start(USER, max_posts=3).get_json()["analysis_id"]
        answer = wired.client.open(path.format(**names), method=method, **CHANGING.get(name, {}))
        checked(document, operation, answer)
        if name == "start_analysis":
            wired.work()

    assert {*calls} - {*reading} - {*ELSEWHERE} == {*CHANGING}, "name a call in CHANGING"


def test_a_result_of_an_earlier_version_answers_null_for_the_fields_it_did_not_have(
    wired: WiredService, calls: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    wired.analysed(USER, "joy")
    full = wired.client.get(f"/v1/users/{USER}").get_json()["result"]

    older = {key: value for key, value in full.items() if key not in ("changed_by", "why")}
    answered = result_document(older, wired.service.services.support, None, lambda: None)

    assert answered is not None
    assert answered["changed_by"] is None
    assert answered["why"] is None


def test_every_call_has_a_short_name_of_its_own(
    wired: WiredService, calls: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    document = wired.service.app.api_doc
    count = sum(len(item) for item in document["paths"].values())

    assert len(calls) == count
    for name, (method, _, _) in calls.items():
        assert not name.endswith(f"_{method.lower()}"), f"{name}: use named_by_function"


def test_every_method_of_every_address_is_in_the_document(
    wired: WiredService, calls: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    endpoints = {
        (rule.endpoint.rpartition(".")[2])
        for rule in wired.service.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in ("static", "service")
    }

    assert endpoints - {*calls} == set()


def test_generators_need_to_invent_no_name_for_a_type(wired: WiredService) -> None:
    schemas = wired.service.app.api_doc["components"]["schemas"]

    unnamed = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, kind in schema.get("properties", {}).items()
        for each in (kind, kind.get("items", {}), *kind.get("anyOf", ()))
        if "enum" in each or each.get("type") == "object"
    ]

    assert unnamed == []


def test_no_parameter_may_be_null(calls: dict[str, tuple[str, str, dict[str, Any]]]) -> None:
    for name, (_, _, operation) in calls.items():
        for parameter in operation.get("parameters", ()):
            assert "null" not in str(parameter["schema"]), (name, parameter["name"])


def test_an_event_has_the_type_of_an_analysis(
    wired: WiredService, calls: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    document = wired.service.app.api_doc
    _, _, operation = calls["follow_analysis"]

    stream = operation["responses"]["200"]["content"]["text/event-stream"]

    named = stream["x-event-schema"]["$ref"].rpartition("/")[2]
    event = document["components"]["schemas"][named]
    assert event["properties"]["data"] == {"$ref": "#/components/schemas/AnalysisDocument"}
    assert stream["example"].startswith("event: analysis\ndata: {")


def test_each_emotion_and_constant_of_the_domain_is_in_the_document(wired: WiredService) -> None:
    schemas = wired.service.app.api_doc["components"]["schemas"]

    assert schemas["Emotion"]["enum"] == list(EMOTIONS)
    assert schemas["ScoresDocument"]["required"] == list(EMOTIONS)
    assert {*schemas["ScoringDocument"]["properties"]} == {*DEFAULT.to_dict()}


def test_refusals_say_how_long_to_wait_and_how_to_send_a_key(
    calls: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in calls.items():
        for status, header in SENT_WITH.items():
            answer = operation["responses"].get(status)
            if answer is not None and name != "readyz":
                assert header in answer["headers"], (name, status)
