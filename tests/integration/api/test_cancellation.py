"""An analysis can be cancelled until its end, and all that follow it are told."""

from __future__ import annotations

import json

from tests.integration.api.conftest import House, problem
from tests.support.fakes.runs import on_call


def started(house: House) -> str:
    house.import_posts("alice", 12)
    place: str = house.start("alice").headers["Location"]
    return place


def test_a_waiting_analysis_is_cancelled_at_once(house: House) -> None:
    place = started(house)

    answer = house.client.delete(place)
    house.work()

    assert answer.status_code == 200
    assert answer.get_json()["state"] == "cancelled"
    assert house.client.get(place).get_json() == answer.get_json()
    assert house.emotions.calls == []


def test_a_running_analysis_is_cancelled_and_the_next_one_goes_on_where_it_stopped(
    house: House,
) -> None:
    place = started(house)
    house.emotions.before_answer = on_call(2, lambda: house.client.delete(place))

    house.work()
    classified = len(set(house.emotions.texts))
    again = house.start("alice").headers["Location"]
    house.work()

    assert house.client.get(place).get_json()["state"] == "cancelled"
    ended = house.client.get(again).get_json()
    assert ended["state"] == "succeeded"
    assert 0 < ended["progress"]["reused"] <= classified


def test_events_end_with_the_cancelled_analysis(house: House) -> None:
    place = started(house)
    stream = house.client.get(f"{place}/events", buffered=False)
    lines = iter(stream.response)
    next(lines)

    house.client.delete(place)
    rest = b"".join(line if isinstance(line, bytes) else line.encode() for line in lines)

    last = rest.decode().strip().rsplit("data: ", 1)[1]
    assert json.loads(last)["state"] == "cancelled"
    stream.close()


def test_cancelling_twice_is_cancelling_once(house: House) -> None:
    place = started(house)

    first, second = house.client.delete(place), house.client.delete(place)

    assert second.status_code == 200
    assert second.get_json() == first.get_json()


def test_an_analysis_that_has_ended_cannot_be_cancelled(house: House) -> None:
    analysis_id = house.analysed("alice")

    refused = house.client.delete(f"/v1/analyses/{analysis_id}")

    assert "succeeded" in problem(refused, 409, "conflict")["detail"]
    kept = house.client.get(f"/v1/analyses/{analysis_id}").get_json()
    assert kept["state"] == "succeeded"


def test_what_does_not_exist_cannot_be_cancelled(house: House) -> None:
    problem(house.client.delete("/v1/analyses/unknown"), 404, "not-found")


def test_the_original_call_says_that_its_analysis_was_cancelled(house: House) -> None:
    house.import_posts("alice", 12)
    house.emotions.before_answer = on_call(
        0, lambda: house.client.delete(house.start("alice").headers["Location"])
    )
    house.service.start()

    answer = house.client.get("/start_analysis/alice?consent=true")

    assert "cancelled" in problem(answer, 409, "conflict")["detail"]
