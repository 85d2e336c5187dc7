"""Texts of many requests on a few runners, with stages that run when a test permits it."""

import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from serving.classifier.artifact import EMOTIONS
from serving.classifier.tokenizer import Encoded
from serving.errors import ClassificationError
from serving.scheduling.queue import QueuedRequest
from serving.scheduling.scheduler import ContinuousScheduler, Outcome, RunReport
from serving.schemas import Classification
from tests.support.serving.by_hand import in_event_loop, until

SCORES = dict.fromkeys(EMOTIONS, 1 / 7)


class HandStages:
    """Stages whose tokens are a text's words; each run waits for a permit.

    `encoded` has the first text of every slice that was encoded, `runs` the lengths in every run.
    """

    def __init__(self, runners: int = 1, permits: int = 0) -> None:
        self.runners = runners
        self.permits = threading.Semaphore(permits)
        self.runs: list[list[int]] = []
        self.encoded: list[str] = []

    def encode_each(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        self.encoded.append(texts[0])
        return [
            ClassificationError(0) if text == "no tokens" else Encoded(tuple(text.split()), False)
            for text in texts
        ]  # type: ignore[misc] # words stand for numbers

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        self.runs.append([len(text.ids) for text in texts])
        assert self.permits.acquire(timeout=5)
        return [
            ClassificationError(0)
            if text.ids[0] == "broken"  # type: ignore[comparison-overlap] # words, as above
            else Classification("joy", SCORES, 0.5, len(text.ids), truncated=False)
            for text in texts
        ]


class Notes:
    def __init__(self) -> None:
        self.waits: list[float] = []
        self.encodings: list[int] = []
        self.reports: list[RunReport] = []

    def first_run(self, queued_seconds: float) -> None:
        self.waits.append(queued_seconds)

    def encoded(self, failed: int, seconds: float) -> None:
        self.encodings.append(failed)

    def ran(self, report: RunReport) -> None:
        self.reports.append(report)


@asynccontextmanager
async def working(
    stages: HandStages, notes: Notes | None = None
) -> AsyncIterator[ContinuousScheduler]:
    scheduler = ContinuousScheduler(stages, notes or Notes())
    try:
        yield scheduler
    finally:
        stages.permits.release(1000)
        scheduler.close()


def request_of(*texts: str, done: list[int] | None = None, key: str = "") -> QueuedRequest:
    return QueuedRequest(texts, (done if done is not None else []).append, key)


def words(count: int) -> str:
    return "word " * count


def tokens(items: list[bytes | None]) -> list[int]:
    return [json.loads(item)["tokens"] for item in items if item is not None]


@in_event_loop
async def test_items_come_in_the_order_of_the_texts() -> None:
    async with working(HandStages(runners=2, permits=1000)) as scheduler:
        request = request_of(*(words(1 + index * 7 % 31) for index in range(200)))
        scheduler.submit(request)

        items = await request.finished

    assert tokens(items) == [1 + index * 7 % 31 for index in range(200)]


@in_event_loop
async def test_texts_of_several_requests_and_of_like_length_share_a_run() -> None:
    stages = HandStages()
    async with working(stages) as scheduler:
        requests = [
            request_of(words(3)),
            request_of(words(20), words(60)),
            request_of(words(21)),
        ]
        scheduler.submit(requests[0])
        await until(lambda: bool(stages.runs))
        for request in requests[1:]:
            scheduler.submit(request)
        stages.permits.release(3)
        for request in requests:
            await request.finished

    assert stages.runs == [[3], [20, 21], [60]]


@in_event_loop
async def test_the_text_that_has_waited_longest_is_in_the_next_run() -> None:
    stages = HandStages()
    async with working(stages) as scheduler:
        first = request_of(words(3))
        scheduler.submit(first)
        await until(lambda: bool(stages.runs))
        late = [request_of(words(50)), *(request_of(words(5)) for _ in range(30))]
        for request in late:
            scheduler.submit(request)
        stages.permits.release(2)

        await late[0].finished

    assert stages.runs[1] == [50]


@in_event_loop
async def test_a_long_queue_is_worked_off_from_its_front() -> None:
    stages = HandStages()
    async with working(stages) as scheduler:
        scheduler.submit(request_of("a"))
        await until(lambda: bool(stages.runs))
        requests = [request_of(*[words(2)] * 50, *[words(90)] * 50) for _ in range(9)]
        for request in requests:
            scheduler.submit(request)

        stages.permits.release(1)
        await until(lambda: len(stages.runs) == 2)

    assert stages.runs[1] == [2] * 150  # of the 256 texts in front, not of all 900


@in_event_loop
async def test_a_key_whose_texts_fill_the_queue_does_not_delay_another() -> None:
    stages = HandStages()
    async with working(stages) as scheduler:
        scheduler.submit(request_of("a", key="flood"))
        await until(lambda: bool(stages.runs))
        for _ in range(20):
            scheduler.submit(request_of(*[words(2)] * 256, key="flood"))
        stages.permits.release(1)
        await until(lambda: len(stages.runs) == 2)

        for _ in range(3):
            scheduler.submit(request_of(words(90), key="other"))
        stages.permits.release(1)
        await until(lambda: len(stages.runs) == 3)

    assert stages.runs[2] == [90] * 3


@in_event_loop
async def test_nor_does_a_key_whose_texts_wait_to_be_encoded() -> None:
    stages = HandStages()
    async with working(stages) as scheduler:
        scheduler.submit(request_of("a", key="flood"))
        await until(lambda: bool(stages.runs))
        for _ in range(20):
            scheduler.submit(request_of(*[words(2)] * 256, key="flood"))
        scheduler.submit(request_of(words(90), key="other"))

        stages.permits.release(1)
        await until(lambda: len(stages.runs) == 2)

    assert words(90) in stages.encoded[:3]  # after the first text, and one slice of the flood


@in_event_loop
async def test_idle_runners_share_a_request() -> None:
    stages = HandStages(runners=2)
    async with working(stages) as scheduler:
        scheduler.submit(request_of(*[words(5)] * 8))

        await until(lambda: len(stages.runs) == 2)

    assert sum(map(len, stages.runs)) == 8
    assert max(map(len, stages.runs)) < 8


@in_event_loop
async def test_a_text_that_fails_leaves_the_others_as_they_are() -> None:
    async with working(HandStages(permits=1000)) as scheduler:
        request = request_of("no tokens", words(2), "broken word", words(3))
        scheduler.submit(request)

        items = await request.finished

    assert [item is None for item in items] == [True, False, True, False]


@in_event_loop
async def test_a_job_that_is_dropped_while_it_waits_is_never_run() -> None:
    stages, done = HandStages(), []  # type: HandStages, list[int]
    async with working(stages) as scheduler:
        first, second, third = (
            request_of("a"),
            request_of(*["b b"] * 3, done=done),
            request_of("c c"),
        )
        scheduler.submit(first)
        await until(lambda: bool(stages.runs))
        scheduler.submit(second)
        scheduler.submit(third)

        scheduler.drop(second)
        stages.permits.release(2)
        await third.finished

    assert done == [3]
    assert stages.runs == [[1], [2]]


@in_event_loop
async def test_what_runs_of_a_dropped_job_is_settled_and_the_rest_given_up() -> None:
    stages, done = HandStages(), []  # type: HandStages, list[int]
    async with working(stages) as scheduler:
        request = request_of(words(5), words(50), "no tokens", done=done)
        scheduler.submit(request)
        await until(lambda: bool(stages.runs) and bool(done))

        scheduler.drop(request)
        at_once = sum(done)
        stages.permits.release(1)
        await until(lambda: sum(done) == 3)

    assert at_once == 2
    assert stages.runs == [[5]]


@in_event_loop
async def test_it_tells_what_runs_cost() -> None:
    notes = Notes()
    async with working(HandStages(permits=1000), notes) as scheduler:
        request = request_of(words(10), words(11), "no tokens", "broken")
        scheduler.submit(request)
        await request.finished
        await until(lambda: len(notes.reports) == 2)

    costs = [(one.texts, one.failed, one.tokens, one.padded_tokens) for one in notes.reports]
    assert sorted(costs) == [(1, 1, 1, 1), (2, 0, 21, 22)]
    assert notes.encodings == [1]
    assert len(notes.waits) == 1
