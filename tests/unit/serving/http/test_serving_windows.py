"""Long texts in windows: how they are counted, limited and averaged; a word is a window here."""

import asyncio
import json
from typing import Any

import pytest

from serving.http.windows import averaged
from tests.support.serving.by_hand import Caller, FakeScheduler, application, server_parts, until

pytestmark = pytest.mark.anyio


def window(joy: float, tokens: int, **changes: Any) -> bytes:
    scores = {"joy": joy, "fear": 1 - joy}
    label = max(scores, key=lambda name: scores[name])
    item = {"label": label, "scores": scores, "irony": joy / 2, "tokens": tokens}
    return json.dumps({**item, "truncated": False, **changes}).encode()


def test_windows_are_averaged_by_their_tokens_and_the_label_is_that_of_the_average() -> None:
    whole = averaged([window(0.9, 10), window(0.1, 30)])

    assert whole is not None
    assert json.loads(whole) == {
        "label": "fear",
        "scores": {"joy": 0.3, "fear": 0.7},
        "irony": 0.15,
        "tokens": 40,
        "truncated": False,
    }


def test_a_text_of_one_window_is_answered_as_it_is() -> None:
    assert averaged([window(0.4, 7)]) == window(0.4, 7)


def test_a_text_is_truncated_if_a_window_is_and_fails_if_a_window_does() -> None:
    whole = averaged([window(0.9, 10), window(0.1, 30, truncated=True)])

    assert whole is not None
    assert json.loads(whole)["truncated"] is True
    assert averaged([window(0.9, 10), None]) is None


async def test_the_texts_of_a_request_are_answered_one_by_one_whatever_their_windows() -> None:
    scheduler = FakeScheduler()
    caller = Caller(application(scheduler=scheduler))

    answer = await caller.classify({"texts": ["a b c", "d"], "long_texts": "window"})
    cut = await caller.classify({"texts": ["a b c", "d"], "long_texts": "truncate"})

    assert [item["tokens"] for item in answer.json()] == [9, 3]
    assert [item["tokens"] for item in cut.json()] == [3, 3]
    assert scheduler.came == [["a", "b", "c", "d"], ["a b c", "d"]]


async def test_every_window_counts_as_a_text_in_the_queue() -> None:
    scheduler = FakeScheduler(blocked=True)
    parts = server_parts(scheduler, queue_texts=256)
    caller = Caller(application(parts))
    queued = asyncio.create_task(caller.classify({"texts": ["a " * 150], "long_texts": "window"}))
    await until(lambda: bool(scheduler.came))

    refused = await caller.classify({"texts": ["a " * 107], "long_texts": "window"})
    counted = parts.call.admission.texts
    scheduler.go_on.set()

    assert (counted, refused.status) == (150, 429)
    assert (await queued).status == 200
    assert parts.call.admission.texts == 0


@pytest.mark.parametrize(
    ("texts", "where", "reason"),
    [
        (["a " * 257], "/texts/0", "has 257 windows, the limit is 256"),
        (["a", "a " * 300], "/texts/1", "has 300 windows, the limit is 256"),
        (["a " * 200, "a " * 57], "/texts", "send fewer texts at a time"),
        (["a " * 20] * 256, "/texts", "send fewer texts at a time"),
    ],
)
async def test_more_windows_than_texts_are_allowed_are_413_and_nothing_is_queued(
    texts: list[str], where: str, reason: str
) -> None:
    scheduler = FakeScheduler()
    answer = await Caller(application(scheduler=scheduler)).classify(
        {"texts": texts, "long_texts": "window"}
    )

    (fault,) = answer.json()["errors"]
    assert (answer.status, fault["where"]) == (413, where)
    assert reason in fault["reason"]
    assert scheduler.came == []


async def test_as_many_windows_as_texts_are_allowed_are_answered() -> None:
    answer = await Caller(application()).classify(
        {"texts": ["a " * 200, "a " * 56], "long_texts": "window"}
    )

    assert answer.status == 200


async def test_a_window_that_fails_fails_its_text_which_is_named() -> None:
    answer = await Caller(application()).classify(
        {"texts": ["a b c", "d bad"], "long_texts": "window"}
    )

    assert answer.status == 500
    assert [fault["where"] for fault in answer.json()["errors"]] == ["/texts/1"]


@pytest.mark.parametrize("value", ["Window", "", None, True, ["window"], {}])
async def test_another_way_with_long_texts_is_refused(value: Any) -> None:
    answer = await Caller(application()).classify({"texts": ["a"], "long_texts": value})

    assert answer.status == 400
    assert answer.json()["errors"][0]["where"] == "/long_texts"
