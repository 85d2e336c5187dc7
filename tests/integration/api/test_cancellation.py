"""An analysis can be cancelled until its end, and all that follow it are told."""

import json

from tests.support.fakes.runs import on_call
from tests.support.wired_service import WiredService, problem


def started(wired: WiredService) -> str:
    wired.import_posts("alice", 12)
    place: str = wired.start("alice").headers["Location"]
    return place


def test_a_waiting_analysis_is_cancelled_at_once(wired: WiredService) -> None:
    place = started(wired)

    answer = wired.client.delete(place)
    wired.work()

    assert answer.status_code == 200
    assert answer.get_json()["state"] == "cancelled"
    assert wired.client.get(place).get_json() == answer.get_json()
    assert wired.emotions.calls == []


def test_a_running_analysis_is_cancelled_and_the_next_one_goes_on_where_it_stopped(
    wired: WiredService,
) -> None:
    place = started(wired)
    wired.emotions.before_answer = on_call(2, lambda: wired.client.delete(place))

    wired.work()
    classified = len(set(wired.emotions.texts))
    again = wired.start("alice").headers["Location"]
    wired.work()

    assert wired.client.get(place).get_json()["state"] == "cancelled"
    ended = wired.client.get(again).get_json()
    assert ended["state"] == "succeeded"
    assert 0 < ended["progress"]["reused"] <= classified


def test_events_end_with_the_cancelled_analysis(wired: WiredService) -> None:
    place = started(wired)
    stream = wired.client.get(f"{place}/events", buffered=False)
    lines = iter(stream.response)
    next(lines)

    wired.client.delete(place)
    rest = b"".join(line if isinstance(line, bytes) else line.encode() for line in lines)

    last = rest.decode().strip().rsplit("data: ", 1)[1]
    assert json.loads(last)["state"] == "cancelled"
    stream.close()


def test_cancelling_twice_is_cancelling_once(wired: WiredService) -> None:
    place = started(wired)

    first, second = wired.client.delete(place), wired.client.delete(place)

    assert second.status_code == 200
    assert second.get_json() == first.get_json()


def test_an_analysis_that_has_ended_cannot_be_cancelled(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    refused = wired.client.delete(f"/v1/analyses/{analysis_id}")

    assert "succeeded" in problem(refused, 409, "conflict")["detail"]
    kept = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()
    assert kept["state"] == "succeeded"


def test_what_does_not_exist_cannot_be_cancelled(wired: WiredService) -> None:
    problem(wired.client.delete("/v1/analyses/unknown"), 404, "not-found")


def test_the_original_call_says_that_its_analysis_was_cancelled(wired: WiredService) -> None:
    wired.import_posts("alice", 12)
    wired.emotions.before_answer = on_call(
        0, lambda: wired.client.delete(wired.start("alice").headers["Location"])
    )
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    assert "cancelled" in problem(answer, 409, "conflict")["detail"]
