"""A user sees their mood, timeline and recommendations, and decides about what is held."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from api.domain.analyses import WORDS, WORDS_VERSION
from api.settings import Settings
from api.stores.sqlite import SqliteStore
from tests.support.wired_service import NOW, WiredService, post_line, problem, wire_service


def test_a_user_without_an_analysis_has_no_mood_yet(wired: WiredService) -> None:
    wired.import_posts("Alice", 3)

    user = wired.client.get("/v1/users/alice").get_json()

    assert user == {
        "user_name": "Alice",
        "consented_at": None,
        "matchable": False,
        "training": False,
        "posts": 3,
        "mood": None,
        "label": None,
        "analysis_id": None,
        "analysed_at": None,
        "result": None,
    }


def test_a_user_sees_the_newest_mood(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice", word="anger")

    user = wired.client.get("/v1/users/ALICE").get_json()

    assert (user["mood"], user["label"]) == ("Stressed", "Tense")
    assert user["analysis_id"] == analysis_id
    assert (user["result"]["mood"], user["result"]["label"]) == ("Stressed", "Tense")
    assert user["consented_at"] is not None
    (consent,) = wired.client.get("/v1/users/alice/export").get_json()["consents"]
    assert consent["words"] == WORDS_VERSION


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/users/nobody"),
        ("GET", "/v1/users/nobody/timeline"),
        ("GET", "/v1/users/nobody/summary.png"),
        ("GET", "/v1/users/nobody/recommendations"),
        ("GET", "/v1/users/nobody/export"),
        ("GET", "/recomend_friends/nobody"),
        ("DELETE", "/v1/users/nobody"),
        ("DELETE", "/v1/users/nobody/consent"),
    ],
)
def test_an_unknown_user_is_not_found(shared: WiredService, method: str, path: str) -> None:
    problem(shared.client.open(path, method=method), 404, "not-found")


@pytest.mark.parametrize(
    ("query", "bucket", "starts"),
    [
        ("", "day", ["2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04", "2026-02-05"]),
        ("?bucket=week", "week", ["2026-01-26", "2026-02-02"]),
        ("?bucket=month", "month", ["2026-02-01"]),
        ("?from=2026-02-02&to=2026-02-03", "day", ["2026-02-02", "2026-02-03"]),
        ("?to=2026-02-01&timezone=Pacific/Kiritimati", "day", []),
    ],
)
def test_the_timeline_is_by_the_days_weeks_or_months_asked_for(
    wired: WiredService, query: str, bucket: str, starts: list[str]
) -> None:
    wired.analysed("alice")

    answer = wired.client.get(f"/v1/users/alice/timeline{query}").get_json()

    assert answer["bucket"] == bucket
    assert [item["start"] for item in answer["timeline"]] == starts
    assert all(item["scores"]["joy"] > 0.5 for item in answer["timeline"])


def test_a_timeline_before_any_analysis_is_empty(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    answer = wired.client.get("/v1/users/alice/timeline?bucket=week")

    assert answer.get_json() == {"bucket": "week", "timeline": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("GET", "timeline?bucket=year", None, "bucket"),
        ("GET", "timeline?buckets=day", None, "buckets"),
        ("GET", "timeline?from=2026-02-30", None, "from"),
        ("GET", "timeline?from=2026-02-02&to=2026-02-01", None, "to"),
        ("GET", "timeline?timezone=Europe", None, "timezone"),
        ("PUT", "consent", {"matchables": True}, "/matchables"),
    ],
)
def test_a_bad_parameter_or_field_is_named(
    shared: WiredService, method: str, path: str, body: object, where: str
) -> None:
    answer = shared.client.open(f"/v1/users/alice/{path}", method=method, json=body)

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == where


def test_recommendations_come_by_threes_with_their_reasons(wired: WiredService) -> None:
    wired.analysed("alice", word="sadness")

    answer = wired.client.get("/v1/users/alice/recommendations").get_json()

    assert (answer["mood"], answer["label"]) == ("Depressed", "Heavy")
    assert len(answer["big_accounts"]) == len(answer["hashtags"]) == 3
    assert answer["hashtags"][0].keys() == {"name", "explanation"}
    assert answer["friends"] == []


def test_recommendations_before_an_analysis_say_what_to_do(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    answer = wired.client.get("/v1/users/alice/recommendations")

    assert "Run an analysis" in problem(answer, 404, "not-found")["detail"]


def test_consent_keeps_its_time_and_the_version_of_the_words(wired: WiredService) -> None:
    answer = wired.client.put("/v1/users/Alice/consent")

    consent = answer.get_json()
    assert consent["training"] is False
    (kept,) = wired.client.get("/v1/users/alice/export").get_json()["consents"]
    assert (answer.status_code, consent["user_name"], consent["matchable"]) == (200, "Alice", False)
    assert consent["words"] == WORDS
    assert kept["words"] == consent["words_version"] == WORDS_VERSION
    assert datetime.fromisoformat(kept["consented_at"]) == NOW
    assert wired.client.get("/v1/users/alice").get_json()["consented_at"] is not None


@pytest.mark.parametrize("path", ["/v1/users/alice", "/v1/users/alice/consent"])
def test_erasing_and_withdrawing_both_leave_nothing(wired: WiredService, path: str) -> None:
    analysis_id = wired.analysed("alice")

    answer = wired.client.delete(path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert wired.client.get("/v1/users/alice").status_code == 404
    assert wired.client.get(f"/v1/analyses/{analysis_id}").status_code == 404


def test_the_export_holds_the_posts_and_is_a_download(wired: WiredService) -> None:
    wired.import_lines("alice", post_line(1, text="my very own words"))

    answer = wired.client.get("/v1/users/alice/export")

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "my very own words" in answer.text


@pytest.mark.parametrize("path", ["/v1/users/alice", "/v1/users/alice/consent"])
def test_an_erasure_says_what_is_still_pending_and_when_nothing_is(
    settings: Settings, tmp_path: Path, path: str
) -> None:
    file = tmp_path / "moodline.db"
    with wire_service(SqliteStore(file, busy_seconds=0.2), settings) as wired:
        wired.import_posts("alice", 3)
        wired.import_posts("carol", 3)
        wired.client.delete("/v1/users/carol")
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM posts").fetchone()
            pending = wired.client.delete(path)
            again = wired.client.delete(path)
            never_there = wired.client.delete("/v1/users/bob")
            gone_before = wired.client.delete("/v1/users/carol")
        gone = wired.client.delete(path)
        wired.import_posts("alice", 3)
        complete = wired.client.delete(path)

        assert pending.status_code == 202
        assert pending.get_json() == {"user_name": "alice", "pending": ["files of the store"]}
        assert (again.status_code, again.get_json()) == (202, pending.get_json())
        problem(never_there, 404, "not-found")
        problem(gone_before, 404, "not-found")
        problem(gone, 404, "not-found")
        assert (complete.status_code, complete.data) == (204, b"")
        problem(wired.client.get("/v1/users/alice"), 404, "not-found")
        wired.service.ports.close()
