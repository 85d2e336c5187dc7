"""Analyses are started with consent, followed to their end, and never doubled."""

import threading
from typing import Any

import pytest

from tests.support.wired_service import WiredService, post_line, problem


def test_a_start_is_accepted_with_its_place(wired: WiredService) -> None:
    wired.import_posts("Alice", 3)

    answer = wired.start("Alice")

    analysis = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/analyses/{analysis['analysis_id']}"
    assert (analysis["state"], analysis["user_name"]) == ("queued", "alice")
    counts = {"fetched": 0, "classified": 0, "reused": 0, "total": 0}
    assert analysis["progress"] == {**counts, "source_cost": None}


def test_an_analysis_ends_with_its_result(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    analysis = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()

    assert analysis["state"] == "succeeded"
    assert analysis["result"]["mood"] == "Cheerful"
    assert analysis["problem"] is None
    assert analysis["finished_at"] is not None


@pytest.mark.parametrize("body", [{}, {"consent": False}])
def test_without_consent_an_analysis_is_refused_and_says_why(
    wired: WiredService, body: dict[str, Any]
) -> None:
    answer = wired.client.post("/v1/analyses", json={"user_name": "alice", **body})

    assert "agree" in problem(answer, 403, "consent-required")["detail"]
    assert wired.client.get("/v1/users/alice").status_code == 404


def test_two_starts_are_one_analysis(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    first, second = wired.start("alice"), wired.start("ALICE")

    assert second.status_code == 202
    assert first.get_json()["analysis_id"] == second.get_json()["analysis_id"]


def test_two_starts_at_the_same_moment_are_one_analysis(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    together = threading.Barrier(4)
    ids: list[str] = []

    def start() -> None:
        client = wired.service.app.test_client()
        together.wait(5)
        answer = client.post("/v1/analyses", json={"user_name": "alice", "consent": True})
        ids.append(answer.get_json()["analysis_id"])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_an_idempotency_key_returns_the_same_analysis_even_after_its_end(
    wired: WiredService,
) -> None:
    wired.import_posts("alice", 3)
    asked = {"user_name": "alice", "consent": True}
    key = {"Idempotency-Key": "k-1"}
    first = wired.client.post("/v1/analyses", json=asked, headers=key).get_json()
    wired.work()

    again = wired.client.post("/v1/analyses", json=asked, headers=key)
    without = wired.client.post("/v1/analyses", json=asked)

    assert again.status_code == 202
    assert again.get_json()["analysis_id"] == first["analysis_id"]
    assert without.get_json()["analysis_id"] != first["analysis_id"]


def test_an_idempotency_key_used_for_something_else_is_a_conflict(wired: WiredService) -> None:
    key = {"Idempotency-Key": "k-1"}
    asked = {"user_name": "alice", "consent": True}
    wired.client.post("/v1/analyses", json=asked, headers=key)

    answer = wired.client.post("/v1/analyses", json={**asked, "max_posts": 5}, headers=key)

    problem(answer, 409, "conflict")


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
        ({"user_name": "a/b", "consent": True}, "/user_name"),
        ({"user_name": "", "consent": True}, "/user_name"),
    ],
)
def test_a_body_at_fault_names_the_field(
    wired: WiredService, body: dict[str, Any], where: str
) -> None:
    answer = wired.client.post("/v1/analyses", json=body)

    assert [item["where"] for item in problem(answer, 400, "invalid-request")["errors"]] == [where]


def test_an_overlong_idempotency_key_is_refused(wired: WiredService) -> None:
    answer = wired.client.post(
        "/v1/analyses",
        json={"user_name": "alice", "consent": True},
        headers={"Idempotency-Key": "k" * 201},
    )

    errors = problem(answer, 400, "invalid-request")["errors"]
    assert errors[0]["where"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "data",
    [b"{", b'{"user_name": "alice",}', b'{"max_posts": NaN}', b"[" * 5000, b"\xff\xfe", b'"{}"'],
    ids=["cut off", "trailing comma", "NaN", "too deep", "not UTF-8", "a string"],
)
def test_a_body_that_is_not_a_json_object_is_refused(wired: WiredService, data: bytes) -> None:
    answer = wired.client.post("/v1/analyses", data=data[:2000], content_type="application/json")

    assert "body" in problem(answer, 400, "invalid-request")["detail"]


def test_a_body_of_another_type_is_not_read(wired: WiredService) -> None:
    answer = wired.client.post("/v1/analyses", data=b"{}", content_type="text/plain")

    problem(answer, 415, "unsupported-media")


def test_a_body_past_the_cap_is_too_large(wired: WiredService) -> None:
    answer = wired.start("alice", as_of="x" * 3000)

    problem(answer, 413, "payload-too-large")


def test_an_unknown_analysis_is_not_found(wired: WiredService) -> None:
    for path in ("/v1/analyses/none", "/v1/analyses/none/events"):
        problem(wired.client.get(path), 404, "not-found")


def test_an_inference_server_that_is_down_fails_the_analysis_with_a_problem(
    wired: WiredService,
) -> None:
    wired.import_posts("alice", 3)
    wired.emotions.down = True
    started = wired.start("alice").get_json()

    wired.work()

    analysis = wired.client.get(f"/v1/analyses/{started['analysis_id']}").get_json()
    assert analysis["state"] == "failed"
    assert analysis["problem"]["type"] == "/problems/inference-unavailable"


def test_after_an_outage_no_post_is_classified_again(wired: WiredService) -> None:
    wired.import_posts("alice", 20)
    wired.emotions.before_answer = lambda calls: setattr(wired.emotions, "down", calls >= 2)
    wired.start("alice")
    wired.work()
    before = len(wired.emotions.texts)
    wired.emotions.before_answer, wired.emotions.down = None, False
    again = wired.start("alice").get_json()

    wired.work()

    analysis = wired.client.get(f"/v1/analyses/{again['analysis_id']}").get_json()
    assert 0 < before < 20
    assert analysis["state"] == "succeeded"
    assert analysis["progress"]["reused"] == before
    assert len(wired.emotions.texts) == len(set(wired.emotions.texts)) == 20


def test_feedback_is_kept_with_the_analysis(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    answer = wired.client.post(f"/v1/analyses/{analysis_id}/feedback", json={"mood": "Stressed"})

    assert (answer.status_code, answer.data) == (204, b"")


def test_feedback_in_another_word_is_refused_with_the_known_ones(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    answer = wired.client.post(f"/v1/analyses/{analysis_id}/feedback", json={"mood": "meh"})

    assert "Cheerful" in problem(answer, 400, "invalid-request")["errors"][0]["reason"]


def test_feedback_on_nothing_is_not_found(wired: WiredService) -> None:
    answer = wired.client.post("/v1/analyses/none/feedback", json={"mood": "Stressed"})

    problem(answer, 404, "not-found")


def test_posts_in_any_script_come_back_as_they_were(wired: WiredService) -> None:
    text = "joy 🎉 <script>alert(1)</script> فرح 喜び"
    wired.import_lines("alice", post_line(1, text=text))
    analysis_id = wired.start("alice").get_json()["analysis_id"]
    wired.work()

    result = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()["result"]

    assert result["happiest"]["text"] == text
