"""A user sees their mood, timeline and recommendations, and decides about what is held."""

from __future__ import annotations

from datetime import datetime

import pytest

from api.domain.analyses import WORDS, WORDS_VERSION
from tests.integration.api.conftest import NOW, House, post_line, problem
from tests.support.fakes.runs import on_call


def test_a_user_without_an_analysis_has_no_mood_yet(house: House) -> None:
    house.import_posts("Alice", 3)

    user = house.client.get("/v1/users/alice").get_json()

    assert user == {
        "user_name": "Alice",
        "consented_at": None,
        "posts": 3,
        "mood": None,
        "analysis_id": None,
        "analysed_at": None,
        "result": None,
    }


def test_a_user_sees_the_newest_mood(house: House) -> None:
    analysis_id = house.analysed("alice", word="anger")

    user = house.client.get("/v1/users/ALICE").get_json()

    assert (user["mood"], user["analysis_id"]) == ("Stressed", analysis_id)
    assert user["result"]["mood"] == "Stressed"
    assert user["consented_at"] is not None


@pytest.mark.parametrize(
    "path",
    ["", "/timeline", "/recommendations", "/export"],
)
def test_an_unknown_user_is_not_found(house: House, path: str) -> None:
    problem(house.client.get(f"/v1/users/nobody{path}"), 404, "not-found")


@pytest.mark.parametrize("path", ["", "/timeline", "/recommendations", "/export"])
def test_a_name_that_cannot_be_is_refused(house: House, path: str) -> None:
    answer = house.client.get(f"/v1/users/no-such.name{path}")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "user_name"


def test_the_timeline_is_by_day_unless_asked_otherwise(house: House) -> None:
    house.analysed("alice")

    answer = house.client.get("/v1/users/alice/timeline").get_json()

    assert answer["bucket"] == "day"
    assert [item["start"] for item in answer["timeline"]][:2] == ["2026-02-01", "2026-02-02"]
    assert answer["timeline"][0]["scores"]["joy"] > 0.5


def test_the_timeline_by_week_starts_on_mondays(house: House) -> None:
    house.analysed("alice")

    answer = house.client.get("/v1/users/alice/timeline?bucket=week").get_json()

    assert [item["start"] for item in answer["timeline"]] == ["2026-01-26", "2026-02-02"]


def test_a_timeline_before_any_analysis_is_empty(house: House) -> None:
    house.import_posts("alice", 3)

    answer = house.client.get("/v1/users/alice/timeline?bucket=week")

    assert answer.get_json() == {"bucket": "week", "timeline": []}


@pytest.mark.parametrize(
    ("query", "where"), [("bucket=year", "bucket"), ("buckets=day", "buckets")]
)
def test_a_bad_parameter_is_named(house: House, query: str, where: str) -> None:
    answer = house.client.get(f"/v1/users/alice/timeline?{query}")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == where


def test_recommendations_come_by_threes_with_their_reasons(house: House) -> None:
    house.analysed("alice", word="sadness")

    answer = house.client.get("/v1/users/alice/recommendations").get_json()

    assert answer["mood"] == "Depressed"
    assert len(answer["big_accounts"]) == len(answer["hashtags"]) == 3
    assert answer["hashtags"][0].keys() == {"name", "explanation"}
    assert answer["friends"] == []


def test_a_friend_is_one_who_agreed_and_has_the_opposite_mood(house: House) -> None:
    for name, word in (("bob", "joy"), ("carol", "joy"), ("dave", "anger")):
        house.analysed(name, word=word)
    for name in ("bob", "dave"):
        house.client.put(f"/v1/users/{name}/consent", json={"matchable": True})
    house.analysed("alice", word="sadness")

    answer = house.client.get("/v1/users/alice/recommendations").get_json()

    assert [friend["name"] for friend in answer["friends"]] == ["bob"]


def test_recommendations_before_an_analysis_say_what_to_do(house: House) -> None:
    house.import_posts("alice", 3)

    answer = house.client.get("/v1/users/alice/recommendations")

    assert "Run an analysis" in problem(answer, 404, "not-found")["detail"]


def test_consent_is_recorded_without_a_body(house: House) -> None:
    answer = house.client.put("/v1/users/Alice/consent")

    consent = answer.get_json()
    assert (answer.status_code, consent["user_name"], consent["matchable"]) == (200, "Alice", False)
    assert house.client.get("/v1/users/alice").get_json()["consented_at"] is not None


def test_consent_keeps_its_time_and_the_version_of_the_words(house: House) -> None:
    answer = house.client.put("/v1/users/alice/consent").get_json()

    (kept,) = house.client.get("/v1/users/alice/export").get_json()["consents"]
    assert answer["words"] == WORDS
    assert kept["words"] == answer["words_version"] == WORDS_VERSION
    assert datetime.fromisoformat(kept["consented_at"]) == NOW


def test_consent_given_with_an_analysis_is_kept_likewise(house: House) -> None:
    house.analysed("alice")

    (kept,) = house.client.get("/v1/users/alice/export").get_json()["consents"]

    assert kept["words"] == WORDS_VERSION


def test_withdrawing_consent_stops_work_in_flight_and_keeps_nothing(house: House) -> None:
    house.import_posts("alice", 20)
    house.start("alice")
    client = house.service.app.test_client()
    withdrawn: list[int] = []

    def withdraw() -> None:
        withdrawn.append(client.delete("/v1/users/alice/consent").status_code)

    house.emotions.before_answer = on_call(1, withdraw)
    house.work()

    assert withdrawn == [204]
    assert house.store.user("alice") is None
    assert house.store.count_posts("alice") == 0
    assert house.store.latest_mood("alice") is None


def test_consent_with_an_unknown_field_is_refused(house: House) -> None:
    answer = house.client.put("/v1/users/alice/consent", json={"matchables": True})

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "/matchables"


@pytest.mark.parametrize("path", ["/v1/users/alice", "/v1/users/alice/consent"])
def test_erasing_and_withdrawing_both_leave_nothing(house: House, path: str) -> None:
    analysis_id = house.analysed("alice")

    answer = house.client.delete(path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert house.client.get("/v1/users/alice").status_code == 404
    assert house.client.get(f"/v1/analyses/{analysis_id}").status_code == 404


@pytest.mark.parametrize("path", ["/v1/users/nobody", "/v1/users/nobody/consent"])
def test_erasing_an_unknown_user_is_not_found(house: House, path: str) -> None:
    problem(house.client.delete(path), 404, "not-found")


def test_a_user_who_was_erased_may_come_back(house: House) -> None:
    house.analysed("alice")
    house.client.delete("/v1/users/alice")

    answer = house.import_posts("alice", 2)

    assert answer.get_json()["total"] == 2


def test_the_export_holds_the_posts_and_is_a_download(house: House) -> None:
    house.import_lines("alice", post_line(1, text="my very own words"))

    answer = house.client.get("/v1/users/alice/export")

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "my very own words" in answer.text
