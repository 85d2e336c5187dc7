"""A user sees their mood, timeline and recommendations, and decides about what is held."""

from datetime import datetime

import pytest

from api.domain.analyses import WORDS, WORDS_VERSION
from tests.support.fakes.runs import on_call
from tests.support.wired_service import NOW, WiredService, post_line, problem


def test_a_user_without_an_analysis_has_no_mood_yet(wired: WiredService) -> None:
    wired.import_posts("Alice", 3)

    user = wired.client.get("/v1/users/alice").get_json()

    assert user == {
        "user_name": "Alice",
        "consented_at": None,
        "posts": 3,
        "mood": None,
        "analysis_id": None,
        "analysed_at": None,
        "result": None,
    }


def test_a_user_sees_the_newest_mood(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice", word="anger")

    user = wired.client.get("/v1/users/ALICE").get_json()

    assert (user["mood"], user["analysis_id"]) == ("Stressed", analysis_id)
    assert user["result"]["mood"] == "Stressed"
    assert user["consented_at"] is not None


@pytest.mark.parametrize("path", ["", "/timeline", "/recommendations", "/export"])
def test_an_unknown_user_is_not_found(wired: WiredService, path: str) -> None:
    problem(wired.client.get(f"/v1/users/nobody{path}"), 404, "not-found")


def test_the_timeline_is_by_day_unless_asked_otherwise(wired: WiredService) -> None:
    wired.analysed("alice")

    answer = wired.client.get("/v1/users/alice/timeline").get_json()

    assert answer["bucket"] == "day"
    assert [item["start"] for item in answer["timeline"]][:2] == ["2026-02-01", "2026-02-02"]
    assert answer["timeline"][0]["scores"]["joy"] > 0.5


def test_the_timeline_by_week_starts_on_mondays(wired: WiredService) -> None:
    wired.analysed("alice")

    answer = wired.client.get("/v1/users/alice/timeline?bucket=week").get_json()

    assert [item["start"] for item in answer["timeline"]] == ["2026-01-26", "2026-02-02"]


def test_a_timeline_before_any_analysis_is_empty(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    answer = wired.client.get("/v1/users/alice/timeline?bucket=week")

    assert answer.get_json() == {"bucket": "week", "timeline": []}


@pytest.mark.parametrize(
    ("query", "where"), [("bucket=year", "bucket"), ("buckets=day", "buckets")]
)
def test_a_bad_parameter_is_named(wired: WiredService, query: str, where: str) -> None:
    answer = wired.client.get(f"/v1/users/alice/timeline?{query}")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == where


def test_recommendations_come_by_threes_with_their_reasons(wired: WiredService) -> None:
    wired.analysed("alice", word="sadness")

    answer = wired.client.get("/v1/users/alice/recommendations").get_json()

    assert answer["mood"] == "Depressed"
    assert len(answer["big_accounts"]) == len(answer["hashtags"]) == 3
    assert answer["hashtags"][0].keys() == {"name", "explanation"}
    assert answer["friends"] == []


def test_a_friend_is_one_who_agreed_and_has_the_opposite_mood(wired: WiredService) -> None:
    for name, word in (("bob", "joy"), ("carol", "joy"), ("dave", "anger")):
        wired.analysed(name, word=word)
    for name in ("bob", "dave"):
        wired.client.put(f"/v1/users/{name}/consent", json={"matchable": True})
    wired.analysed("alice", word="sadness")

    answer = wired.client.get("/v1/users/alice/recommendations").get_json()

    assert [friend["name"] for friend in answer["friends"]] == ["bob"]


def test_recommendations_before_an_analysis_say_what_to_do(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    answer = wired.client.get("/v1/users/alice/recommendations")

    assert "Run an analysis" in problem(answer, 404, "not-found")["detail"]


def test_consent_is_recorded_without_a_body(wired: WiredService) -> None:
    answer = wired.client.put("/v1/users/Alice/consent")

    consent = answer.get_json()
    assert (answer.status_code, consent["user_name"], consent["matchable"]) == (200, "Alice", False)
    assert wired.client.get("/v1/users/alice").get_json()["consented_at"] is not None


def test_consent_keeps_its_time_and_the_version_of_the_words(wired: WiredService) -> None:
    answer = wired.client.put("/v1/users/alice/consent").get_json()

    (kept,) = wired.client.get("/v1/users/alice/export").get_json()["consents"]
    assert answer["words"] == WORDS
    assert kept["words"] == answer["words_version"] == WORDS_VERSION
    assert datetime.fromisoformat(kept["consented_at"]) == NOW


def test_consent_given_with_an_analysis_is_kept_likewise(wired: WiredService) -> None:
    wired.analysed("alice")

    (kept,) = wired.client.get("/v1/users/alice/export").get_json()["consents"]

    assert kept["words"] == WORDS_VERSION


def test_withdrawing_consent_stops_work_in_flight_and_keeps_nothing(wired: WiredService) -> None:
    wired.import_posts("alice", 20)
    wired.start("alice")
    client = wired.service.app.test_client()
    withdrawn: list[int] = []

    def withdraw() -> None:
        withdrawn.append(client.delete("/v1/users/alice/consent").status_code)

    wired.emotions.before_answer = on_call(1, withdraw)
    wired.work()

    assert withdrawn == [204]
    assert wired.store.user("alice") is None
    assert wired.store.count_posts("alice") == 0
    assert wired.store.latest_mood("alice") is None


def test_consent_with_an_unknown_field_is_refused(wired: WiredService) -> None:
    answer = wired.client.put("/v1/users/alice/consent", json={"matchables": True})

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "/matchables"


@pytest.mark.parametrize("path", ["/v1/users/alice", "/v1/users/alice/consent"])
def test_erasing_and_withdrawing_both_leave_nothing(wired: WiredService, path: str) -> None:
    analysis_id = wired.analysed("alice")

    answer = wired.client.delete(path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert wired.client.get("/v1/users/alice").status_code == 404
    assert wired.client.get(f"/v1/analyses/{analysis_id}").status_code == 404


@pytest.mark.parametrize("path", ["/v1/users/nobody", "/v1/users/nobody/consent"])
def test_erasing_an_unknown_user_is_not_found(wired: WiredService, path: str) -> None:
    problem(wired.client.delete(path), 404, "not-found")


def test_a_user_who_was_erased_may_come_back(wired: WiredService) -> None:
    wired.analysed("alice")
    wired.client.delete("/v1/users/alice")

    answer = wired.import_posts("alice", 2)

    assert answer.get_json()["total"] == 2


def test_the_export_holds_the_posts_and_is_a_download(wired: WiredService) -> None:
    wired.import_lines("alice", post_line(1, text="my very own words"))

    answer = wired.client.get("/v1/users/alice/export")

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "my very own words" in answer.text
