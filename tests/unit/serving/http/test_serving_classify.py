"""The contract's rules that a started server cannot be made to show quickly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from serving.errors import PayloadTooLargeError
from serving.http.classify import read_body
from serving.http.messages import ClientGoneError, Message
from serving.http.problems import KINDS
from serving.http.protocols.native import model_page
from serving.scheduling.queue import QueuedRequest
from serving.schemas import Limits
from tests.support.serving.by_hand import (
    ARTIFACT,
    Caller,
    FakeScheduler,
    application,
    http_scope,
    server_parts,
    until,
)

TEXTS = {"texts": ["a"]}


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await body()

    asyncio.run(main())


def test_before_it_is_warm_it_says_503_and_when_to_come_back() -> None:
    async def body() -> None:
        caller = Caller(application(ready=False))

        ready = await caller.request("GET", "/readyz")
        classified = await caller.classify(TEXTS)
        alive = await caller.request("GET", "/livez")

        assert (ready.status, classified.status, alive.status) == (503, 503, 200)
        assert classified.json()["type"] == "/problems/not-ready"
        assert int(classified.headers["retry-after"]) > 0

    run(body)


def test_a_full_queue_says_429_and_when_to_come_back_and_runs_nothing_more() -> None:
    async def body() -> None:
        scheduler = FakeScheduler(blocked=True)
        caller = Caller(application(scheduler=scheduler, queue_texts=256))
        held = asyncio.create_task(caller.classify({"texts": ["a"] * 200}))
        await until(lambda: bool(scheduler.came))

        refused = await caller.classify({"texts": ["b"] * 57})
        fits = asyncio.create_task(caller.classify({"texts": ["c"] * 56}))
        scheduler.go_on.set()

        assert (refused.status, refused.json()["type"]) == (429, "/problems/busy")
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert ((await held).status, (await fits).status) == (200, 200)
        assert ["b"] * 57 not in scheduler.came

    run(body)


def test_when_nothing_more_fits_it_says_so_before_it_reads_the_body() -> None:
    async def body() -> None:
        scheduler = FakeScheduler(blocked=True)
        app = application(scheduler=scheduler, queue_texts=256)
        held = asyncio.create_task(Caller(app).classify({"texts": ["a"] * 256}))
        await until(lambda: bool(scheduler.came))
        sent: list[Message] = []

        async def receive() -> Message:
            raise AssertionError("nothing should be read")

        async def send(message: Message) -> None:
            sent.append(message)

        scope = http_scope("POST", "/v1/classify", {"content-type": "application/json"})
        await app(scope, receive, send)
        scheduler.go_on.set()
        await held

        assert sent[0]["status"] == 429

    run(body)


def test_after_the_deadline_it_says_504_and_the_texts_count_until_they_are_done() -> None:
    async def body() -> None:
        scheduler = FakeScheduler(blocked=True)
        parts = server_parts(scheduler, deadline_seconds=0.05)
        app = application(parts)

        late = await Caller(app).classify(TEXTS)
        while_it_runs = parts.call.admission.texts
        scheduler.go_on.set()
        await until(lambda: parts.call.admission.texts == 0)

        assert (late.status, late.json()["type"]) == (504, "/problems/deadline-exceeded")
        assert while_it_runs == 1

    run(body)


def test_a_request_whose_deadline_passes_while_it_waits_is_never_run() -> None:
    async def body() -> None:
        scheduler = FakeScheduler(blocked=True)
        parts = server_parts(scheduler, deadline_seconds=0.05)
        caller = Caller(application(parts))

        answers = await asyncio.gather(
            caller.classify({"texts": ["first"]}), caller.classify({"texts": ["second"]})
        )
        scheduler.go_on.set()
        await until(lambda: parts.call.admission.texts == 0)

        assert [answer.status for answer in answers] == [504, 504]
        assert scheduler.came == [["first"]]

    run(body)


def test_a_request_whose_client_leaves_while_it_waits_is_never_run() -> None:
    async def body() -> None:
        scheduler = FakeScheduler(blocked=True)
        parts = server_parts(scheduler)
        caller = Caller(application(parts))
        first = asyncio.create_task(caller.classify({"texts": ["first"]}))
        await until(lambda: bool(scheduler.came))
        leaves = asyncio.Event()
        second = asyncio.create_task(caller.classify({"texts": ["second"]}, leaves=leaves))
        await until(lambda: parts.call.admission.texts == 2)

        leaves.set()
        gone = await second
        scheduler.go_on.set()

        assert (await first).status == 200
        assert gone.status == 499
        assert scheduler.came == [["first"]]
        assert parts.call.admission.texts == 0
        assert b'status="499"' in parts.metrics.page().body

    run(body)


def test_a_body_that_never_ends_meets_the_deadline() -> None:
    async def body() -> None:
        app = application(deadline_seconds=0.05)
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

        async def send(message: Message) -> None:
            sent.append(message)

        scope = http_scope("POST", "/v1/classify", {"content-type": "application/json"})
        await app(scope, receive, send)

        assert sent[0]["status"] == 504

    run(body)


def test_a_fault_of_our_own_says_500_and_keeps_its_reason_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeScheduler):
        def submit(self, request: QueuedRequest) -> None:
            raise RuntimeError("secret detail")

    async def body() -> None:
        answer = await Caller(application(scheduler=Broken())).classify(
            TEXTS, headers={"x-request-id": "case-7"}
        )

        assert (answer.status, answer.json()["type"]) == (500, "/problems/unexpected")
        assert b"secret" not in answer.body
        assert answer.json()["trace_id"] == "case-7"

    caplog.set_level(logging.ERROR)
    run(body)

    assert "case-7" in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("asked", ["", "x" * 129, "two words", "a\r\nb", "é"])
def test_a_request_id_that_could_do_harm_is_replaced(asked: str) -> None:
    async def body() -> None:
        answer = await Caller(application()).request("GET", "/livez", {"x-request-id": asked})

        assert answer.headers["x-request-id"] not in ("", asked)

    run(body)


def test_a_key_is_asked_for_before_anything_else_of_the_request_is_looked_at() -> None:
    async def body() -> None:
        caller = Caller(application(keys={"api": "0123456789abcdef"}))

        without = await caller.request("POST", "/v1/classify", {}, [b"nonsense"])
        about = await caller.request("GET", "/v1/model")
        shown = await caller.classify(TEXTS, headers={"authorization": "Bearer 0123456789abcdef"})
        probe = await caller.request("GET", "/readyz")

        assert (without.status, about.status) == (401, 401)
        assert without.headers["www-authenticate"].startswith("Bearer")
        assert (shown.status, probe.status) == (200, 200)

    run(body)


def test_requests_are_counted_by_route_status_and_key_and_never_by_path() -> None:
    async def body() -> None:
        parts = server_parts(keys={"api": "0123456789abcdef"})
        caller = Caller(application(parts))

        await caller.classify(
            {"texts": ["a", "b"]}, headers={"authorization": "Bearer 0123456789abcdef"}
        )
        for number in range(20):
            await caller.request("GET", f"/unknown/{number}")
        page = parts.metrics.page().body.decode()

        assert 'requests_total{key="api",route="/v1/classify",status="200"} 1.0' in page
        assert 'requests_total{key="",route="other",status="404"} 20.0' in page
        assert 'texts_total{key="api"} 2.0' in page
        assert "unknown" not in page

    run(body)


def test_every_problem_is_explained_where_its_type_points() -> None:
    async def body() -> None:
        caller = Caller(application())

        answers = [await caller.request("GET", kind.path) for kind in KINDS.values()]
        unknown = await caller.request("GET", "/problems/none")

        assert [answer.status for answer in answers] == [200] * len(KINDS)
        assert unknown.status == 404

    run(body)


@pytest.mark.parametrize(("sent", "connection"), [(11, None), (40, None), (41, "close")])
def test_a_body_over_the_limit_is_read_away_but_not_without_end(
    sent: int, connection: str | None
) -> None:
    chunks = [b"a"] * sent

    async def receive() -> Message:
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    async def body() -> None:
        with pytest.raises(PayloadTooLargeError) as caught:
            await read_body({}, receive, 10)

        assert caught.value.unread == (connection == "close")

    run(body)


def test_a_declared_length_far_over_the_limit_is_refused_unread() -> None:
    async def receive() -> Message:
        raise AssertionError("nothing should be read")

    async def body() -> None:
        with pytest.raises(PayloadTooLargeError):
            await read_body({"content-length": "1000000"}, receive, 10)

    run(body)


def test_a_body_in_pieces_is_put_together_and_a_client_that_leaves_is_noticed() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "http.request", "body": b"c"},
        {"type": "http.request", "body": b"d", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def body() -> None:
        assert await read_body({}, receive, 3) == b"abc"
        with pytest.raises(ClientGoneError):
            await read_body({}, receive, 3)

    run(body)


def test_head_has_the_headers_of_get_and_no_body() -> None:
    async def body() -> None:
        caller = Caller(application())

        get = await caller.request("GET", "/v1/model")
        head = await caller.request("HEAD", "/v1/model")

        assert head.body == b""
        assert head.headers["content-length"] == get.headers["content-length"]
        assert get.body == model_page(ARTIFACT, Limits()).body

    run(body)


def test_the_pages_about_the_server_can_be_switched_off() -> None:
    async def body() -> None:
        caller = Caller(application(docs=False, metrics="off"))

        answers = [await caller.request("GET", path) for path in ("/docs.json", "/metrics")]

        assert [answer.status for answer in answers] == [404, 404]

    run(body)


@pytest.mark.parametrize(("readers", "status"), [("open", 200), ("key", 401)])
def test_the_metrics_ask_for_a_key_if_they_are_told_to(readers: str, status: int) -> None:
    async def body() -> None:
        keys = {"api": "0123456789abcdef"}
        caller = Caller(application(keys=keys, metrics=readers))

        without = await caller.request("GET", "/metrics")
        shown = await caller.request(
            "GET", "/metrics", {"authorization": "Bearer 0123456789abcdef"}
        )

        assert (without.status, shown.status) == (status, 200)

    run(body)


def test_the_age_of_the_oldest_request_is_told_as_it_is_now() -> None:
    async def body() -> None:
        now = [100.0]
        scheduler = FakeScheduler(blocked=True)
        caller = Caller(application(server_parts(scheduler, clock=lambda: now[0])))
        held = asyncio.create_task(caller.classify(TEXTS))
        await until(lambda: bool(scheduler.came))

        now[0] += 2.5
        page = (await caller.request("GET", "/metrics")).body
        scheduler.go_on.set()
        await held

        assert b"oldest_request_seconds 2.5" in page
        assert b"held_texts 1.0" in page

    run(body)
