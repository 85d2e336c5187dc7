"""Analyses are followed as server-sent events."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from api.settings import Settings
from tests.support.fakes import FailingStore
from tests.support.wired_service import WiredService, problem, wire_service


def events(text: str) -> list[dict[str, Any]]:
    return [
        json.loads(line.removeprefix("data: "))
        for line in text.splitlines()
        if line.startswith("data: ")
    ]


def test_queued_analyses_are_run_when_the_service_starts(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    path = wired.start("alice").headers["Location"]

    wired.service.start()

    assert events(wired.client.get(f"{path}/events").text)[-1]["state"] == "succeeded"
    assert len(events(wired.client.get(f"{path}/events").text)) == 1  # it has ended


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (lambda wired, _: wired.work(), ["succeeded"]),
        (lambda wired, path: wired.client.delete(path), ["cancelled"]),
        (lambda wired, _: wired.client.delete("/v1/users/alice"), []),
    ],
    ids=["succeeded", "cancelled", "erased"],
)
def test_events_tell_of_an_analysis_until_it_ends(
    wired: WiredService, end: Callable[[WiredService, str], object], last: list[str]
) -> None:
    wired.import_posts("alice", 30)
    path = wired.start("alice").headers["Location"]
    stream = wired.client.get(f"{path}/events", buffered=False)
    first = next(iter(cast(Any, stream.response))).decode()
    end(wired, path)

    rest = b"".join(cast("list[bytes]", stream.response)).decode()

    assert stream.mimetype == "text/event-stream"
    assert first.startswith("event: analysis\ndata: ")
    assert events(first)[0]["state"] == "queued"
    assert [item["state"] for item in events(rest)][-1:] == last
    stream.close()


def test_one_caller_may_not_have_all_open_calls(store: FailingStore, settings: Settings) -> None:
    limits = {"long_calls": 4, "long_calls_per_key": 2}
    with wire_service(store, settings.model_copy(update=limits)) as wired:
        wired.import_posts("alice", 3)
        path = f"/v1/analyses/{wired.start('alice').get_json()['analysis_id']}/events"
        other = {"REMOTE_ADDR": "127.0.0.2"}
        held = [wired.client.get(path, buffered=False) for _ in range(2)]

        refused = wired.client.get(path)
        held.append(wired.client.get(path, buffered=False, environ_base=other))

        assert "of this key or address" in problem(refused, 429, "busy")["detail"]
        assert held[-1].status_code == 200
        for response in held:
            response.close()


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
