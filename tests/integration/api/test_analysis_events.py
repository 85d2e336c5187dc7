"""Analyses are followed as server-sent events."""

import json
from typing import Any, cast

from tests.support.wired_service import WiredService, problem


def events(text: str) -> list[dict[str, Any]]:
    return [
        json.loads(line.removeprefix("data: "))
        for line in text.splitlines()
        if line.startswith("data: ")
    ]


def read(chunks: Any) -> str:
    """Return the rest of a streamed answer."""
    return b"".join(cast("list[bytes]", chunks)).decode()


def test_waiting_analyses_are_taken_up_when_the_service_starts(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    analysis_id = wired.start("alice").get_json()["analysis_id"]

    wired.service.start()

    last = events(wired.client.get(f"/v1/analyses/{analysis_id}/events").text)[-1]
    assert last["state"] == "succeeded"


def test_events_tell_of_an_analysis_until_it_ends(wired: WiredService) -> None:
    wired.import_posts("alice", 30)
    analysis_id = wired.start("alice").get_json()["analysis_id"]
    stream = wired.client.get(f"/v1/analyses/{analysis_id}/events", buffered=False)
    first = next(iter(cast(Any, stream.response))).decode()
    wired.work()

    rest = read(stream.response)

    assert stream.mimetype == "text/event-stream"
    assert first.startswith("event: analysis\ndata: ")
    assert events(first)[0]["state"] == "queued"
    assert events(rest)[-1]["state"] == "succeeded"


def test_events_of_an_ended_analysis_are_one(wired: WiredService) -> None:
    analysis_id = wired.analysed("alice")

    told = events(wired.client.get(f"/v1/analyses/{analysis_id}/events").text)

    assert [item["state"] for item in told] == ["succeeded"]


def test_events_end_where_the_user_is_erased(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    analysis_id = wired.start("alice").get_json()["analysis_id"]
    stream = wired.client.get(f"/v1/analyses/{analysis_id}/events", buffered=False)
    next(iter(stream.response))
    wired.client.delete("/v1/users/alice")

    rest = read(stream.response)

    assert events(rest) == []


def test_too_many_open_calls_are_told_to_come_back(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    path = f"/v1/analyses/{wired.start('alice').get_json()['analysis_id']}/events"
    held = [wired.client.get(path, buffered=False) for _ in range(2)]

    refused = wired.client.get(path)
    held[0].close()
    accepted = wired.client.get(path, buffered=False)

    problem(refused, 429, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert accepted.status_code == 200
    for response in (held[1], accepted):
        response.close()
