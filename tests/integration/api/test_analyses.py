"""Analyses are started with consent, never doubled, and can be cancelled until their end."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.wired_service import WiredService, post_line, problem


def test_a_start_is_accepted_with_its_place(wired: WiredService) -> None:
    wired.import_posts("Alice", 3)

    answer = wired.start("Alice")

    analysis = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/analyses/{analysis['analysis_id']}"
    assert (analysis["state"], analysis["user_name"]) == ("queued", "alice")
    counts = {"fetched": 0, "classified": 0, "reused": 0, "total": 0}
    seconds = {"queue": 0.0, "fetch": 0.0, "classify": 0.0, "decide": 0.0}
    assert analysis["progress"] == {**counts, "source_cost": None, "seconds": seconds}


def test_an_analysis_ends_with_its_result(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    analysis = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()

    assert analysis["state"] == "succeeded"
    assert analysis["result"]["mood"] == "Cheerful"
    assert analysis["problem"] is None
    assert analysis["finished_at"] is not None


@pytest.mark.parametrize("body", [{}, {"consent": False}])
def test_without_consent_an_analysis_is_refused_and_says_why(
    shared: WiredService, body: dict[str, Any]
) -> None:
    answer = shared.client.post("/v1/analyses", json={"user_name": "alice", **body})

    assert "agree" in problem(answer, 403, "consent-required")["detail"]
    assert shared.client.get("/v1/users/alice").status_code == 404


def test_an_idempotency_key_is_for_one_request_even_after_its_end(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    def start(key: str = "k-1", **more: Any) -> TestResponse:
        asked = {"user_name": "alice", "consent": True, **more}
        headers = {"Idempotency-Key": key} if key else {}
        return wired.client.post("/v1/analyses", json=asked, headers=headers)

    first = start().get_json()["analysis_id"]
    joined = wired.start("ALICE").get_json()["analysis_id"]
    wired.work()

    again, without, other, long = start(), start(key=""), start(max_posts=5), start(key="k" * 201)

    assert (again.status_code, again.get_json()["analysis_id"], joined) == (202, first, first)
    assert without.get_json()["analysis_id"] != first
    problem(other, 422, "idempotency-key-reused")
    assert problem(long, 400, "invalid-request")["errors"][0]["where"] == "Idempotency-Key"


def test_a_key_that_joined_a_running_analysis_is_replayed_after_its_end(
    wired: WiredService,
) -> None:
    wired.import_posts("alice", 3)

    def start(key: str, **more: Any) -> TestResponse:
        asked = {"user_name": "alice", "consent": True, **more}
        return wired.client.post("/v1/analyses", json=asked, headers={"Idempotency-Key": key})

    first = wired.start("alice").get_json()["analysis_id"]
    joined = start("k-1").get_json()["analysis_id"]
    different = start("k-2", max_posts=2)
    wired.work()

    again, other, free = start("k-1"), start("k-1", max_posts=2), start("k-2", max_posts=2)

    assert (joined, again.get_json()["analysis_id"]) == (first, first)
    assert again.get_json()["state"] == "succeeded"
    assert first in problem(different, 409, "conflict")["detail"]
    problem(other, 422, "idempotency-key-reused")
    assert (free.status_code, free.get_json()["analysis_id"] != first) == (202, True)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"user_name": "alice", "consent": True, "mood": "x"}, "/mood"),
        ({"consent": True}, "/user_name"),
        ({"user_name": 7, "consent": True}, "/user_name"),
        ({"user_name": "alice", "consent": "yes"}, "/consent"),
        ({"user_name": "alice", "consent": True, "max_posts": 0}, "/max_posts"),
        ({"user_name": "alice", "consent": True, "max_posts": "5"}, "/max_posts"),
        ({"user_name": "alice", "consent": True, "as_of": "yesterday"}, "/as_of"),
        ({"user_name": "alice", "consent": True, "source": "twitter"}, "/source"),
        ({"user_name": "alice", "consent": True, "source_user": "a"}, "/source_user"),
        ({"user_name": "a/b", "consent": True}, "/user_name"),
        ({"user_name": "", "consent": True}, "/user_name"),
    ],
)
def test_a_body_at_fault_names_the_field(
    shared: WiredService, body: dict[str, Any], where: str
) -> None:
    answer = shared.client.post("/v1/analyses", json=body)

    assert [item["where"] for item in problem(answer, 400, "invalid-request")["errors"]] == [where]


@pytest.mark.parametrize(
    "data",
    [b"{", b'{"user_name": "alice",}', b'{"max_posts": NaN}', b"[" * 5000, b"\xff\xfe", b'"{}"'],
    ids=["cut off", "trailing comma", "NaN", "too deep", "not UTF-8", "a string"],
)
def test_a_body_that_is_not_a_json_object_is_refused(shared: WiredService, data: bytes) -> None:
    answer = shared.client.post("/v1/analyses", data=data[:2000], content_type="application/json")

    assert "body" in problem(answer, 400, "invalid-request")["detail"]


def test_a_body_of_another_type_is_not_read(shared: WiredService) -> None:
    answer = shared.client.post("/v1/analyses", data=b"{}", content_type="text/plain")

    problem(answer, 415, "unsupported-media")


def test_a_body_past_the_cap_is_too_large(shared: WiredService) -> None:
    answer = shared.start("alice", as_of="x" * 3000)

    problem(answer, 413, "payload-too-large")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/events", None),
        ("GET", "/feedback", None),
        ("POST", "/feedback", {"mood": "Stressed"}),
    ],
)
def test_an_unknown_analysis_is_not_found(
    shared: WiredService, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = shared.client.open(f"/v1/analyses/none{path}", method=method, json=body)

    problem(answer, 404, "not-found")


def test_feedback_is_kept_with_the_analysis(wired: WiredService) -> None:
    feedback = f"/v1/analyses/{wired.analysed('alice')}/feedback"

    before = wired.client.get(feedback).get_json()
    answer = wired.client.post(feedback, json={"mood": "Stressed"})

    assert (answer.status_code, answer.data) == (204, b"")
    assert before == {"mood": None, "label": None}
    assert wired.client.get(feedback).get_json() == {"mood": "Stressed", "label": "Tense"}


def test_feedback_in_another_word_is_refused_with_the_known_ones(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    answer = wired.client.post(f"/v1/analyses/{analysis_id}/feedback", json={"mood": "meh"})

    assert "Cheerful" in problem(answer, 400, "invalid-request")["errors"][0]["reason"]


def test_posts_in_any_script_come_back_as_they_were(wired: WiredService) -> None:
    text = "joy 🎉 <script>alert(1)</script> فرح 喜び"
    wired.import_lines("alice", post_line(1, text=text))
    analysis_id = wired.start("alice").get_json()["analysis_id"]
    wired.work()

    result = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()["result"]

    assert result["happiest"]["text"] == text


def test_a_queued_analysis_is_cancelled_at_once_and_only_once(wired: WiredService) -> None:
    wired.import_posts("alice", 12)
    path = wired.start("alice").headers["Location"]

    first, second = wired.client.delete(path), wired.client.delete(path)
    wired.work()

    assert (first.status_code, first.get_json()["state"]) == (200, "cancelled")
    assert (second.status_code, second.get_json()) == (200, first.get_json())
    assert wired.client.get(path).get_json() == first.get_json()
    assert wired.emotions.calls == []


def test_an_analysis_that_has_ended_cannot_be_cancelled(wired: WiredService) -> None:
    path = f"/v1/analyses/{wired.analysed('alice')}"

    refused = wired.client.delete(path)

    assert "succeeded" in problem(refused, 409, "conflict")["detail"]
    assert wired.client.get(path).get_json()["state"] == "succeeded"


def test_a_result_says_why_and_the_next_one_which_posts_changed_it(wired: WiredService) -> None:
    first = wired.client.get(f"/v1/analyses/{wired.analysed('alice')}").get_json()["result"]
    wired.import_lines("alice", *(post_line(n, "sadness") for n in range(5, 15)))
    second_id = wired.start("alice").get_json()["analysis_id"]
    wired.work()

    second = wired.client.get(f"/v1/analyses/{second_id}").get_json()["result"]

    assert first["changed_by"] is None
    assert first["why"].startswith("Lighter feelings outweigh heavier ones")
    assert second["why"].startswith("Heavier feelings outweigh lighter ones")
    change = second["changed_by"]
    assert (change["mood"], change["label"]) == (first["mood"], first["label"])
    assert "from bright to heavy" in change["words"]
    assert {each["post_id"] for each in change["posts"] if each["new"]} <= {
        str(n) for n in range(5, 15)
    }
    assert wired.client.get("/v1/users/alice").get_json()["result"]["changed_by"] == change


def test_too_few_posts_give_a_reason_that_says_how_many_are_needed(wired: WiredService) -> None:
    wired.import_posts("alice", 2)
    analysis_id = wired.start("alice").get_json()["analysis_id"]
    wired.work()

    result = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()["result"]

    assert (result["mood"], result["label"]) == (None, None)
    assert result["reason"].startswith("3 posts with feeling in them are needed, there are 2.")
