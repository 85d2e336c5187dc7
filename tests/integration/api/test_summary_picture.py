"""GET /v1/users/{user_name}/summary.png, and the same from the terminal."""

import threading

import pytest

from api.domain.mood.mood_pictures import Theme
from api.errors import BusyError
from api.services.pictures import Pictures
from tests.support.wired_service import WiredService, problem

PATH = "/v1/users/alice/summary.png"


def test_the_newest_mood_is_answered_as_a_picture(wired: WiredService) -> None:
    wired.analysed("alice")

    answer = wired.client.get(f"{PATH}?width=600&theme=dark")

    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_picture_is_not_sent_again_until_the_next_analysis(wired: WiredService) -> None:
    wired.analysed("alice")
    etag = wired.client.get(PATH).headers["ETag"]

    again = wired.client.get(PATH, headers={"If-None-Match": etag})
    dark = wired.client.get(f"{PATH}?theme=dark", headers={"If-None-Match": etag})
    wired.analysed("alice", "sadness")
    newer = wired.client.get(PATH, headers={"If-None-Match": etag})

    assert (again.status_code, again.data) == (304, b"")
    assert (dark.status_code, newer.status_code) == (200, 200)


def test_a_correction_since_changes_the_timeline_in_the_picture_and_its_etag(
    wired: WiredService,
) -> None:
    wired.analysed("alice")
    first = wired.client.get(PATH)
    corrections = "/v1/users/alice/corrections"

    wired.client.put(corrections, json={"post_id": "1", "emotion": "sadness"})
    held = {"If-None-Match": first.headers["ETag"]}
    corrected = wired.client.get(PATH, headers=held)
    wired.client.delete(f"{corrections}?post_id=1")
    taken_back = wired.client.get(PATH, headers=held)

    assert (corrected.status_code, taken_back.status_code) == (200, 304)
    assert corrected.headers["ETag"] != first.headers["ETag"] == taken_back.headers["ETag"]
    assert corrected.data != first.data


def test_the_document_names_the_headers_by_which_a_picture_is_not_sent_again(
    shared: WiredService,
) -> None:
    document = shared.client.get("/openapi.json").get_json()

    operation = document["paths"]["/v1/users/{user_name}/summary.png"]["get"]
    headers = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
    assert headers == ["If-None-Match"]
    assert all("ETag" in operation["responses"][status]["headers"] for status in ("200", "304"))


def test_without_a_mood_there_is_no_picture(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    assert "Run an analysis" in problem(wired.client.get(PATH), 404, "not-found")["detail"]


@pytest.mark.parametrize("query", ["width=599", "width=2401", "width=x", "theme=pink", "height=9"])
def test_a_size_or_theme_that_cannot_be_is_named(shared: WiredService, query: str) -> None:
    answer = shared.client.get(f"{PATH}?{query}")

    where = problem(answer, 400, "invalid-request")["errors"][0]["where"]
    assert where == query.partition("=")[0]


def test_while_others_are_drawn_a_picture_is_refused_for_a_moment(wired: WiredService) -> None:
    wired.analysed("alice")
    full = Pictures(
        wired.service.services.users, lambda *_: b"", threading.Semaphore(0), wait_seconds=0
    )

    with pytest.raises(BusyError):
        full.png("alice", Theme.LIGHT, 1200)
