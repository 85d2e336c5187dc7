"""The contract's rules that a started server cannot be made to show quickly."""

import asyncio
import logging
import re
import subprocess
import sys

import pytest

from serving.errors import PayloadTooLargeError, SettingsError
from serving.http.classify import read_body
from serving.http.docs_page import docs_page
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
from tests.support.serving.started import ROOT

pytestmark = pytest.mark.anyio

TEXTS = {"texts": ["a"]}


async def test_when_nothing_more_fits_it_says_so_before_it_reads_the_body() -> None:
    scheduler = FakeScheduler(blocked=True)
    app = application(scheduler=scheduler, queue_texts=256)
    queued = asyncio.create_task(Caller(app).classify({"texts": ["a"] * 256}))
    await until(lambda: bool(scheduler.came))
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing should be read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = http_scope("POST", "/v1/classify", {"content-type": "application/json"})
    await app(scope, receive, send)
    scheduler.go_on.set()
    await queued

    assert sent[0]["status"] == 429


async def test_after_the_deadline_it_says_504_and_the_texts_count_until_they_are_done() -> None:
    scheduler = FakeScheduler(blocked=True)
    parts = server_parts(scheduler, deadline_seconds=0.05)
    app = application(parts)

    late = await Caller(app).classify(TEXTS)
    while_it_runs = parts.call.admission.texts
    scheduler.go_on.set()
    await until(lambda: parts.call.admission.texts == 0)

    assert (late.status, late.json()["type"]) == (504, "/problems/deadline-exceeded")
    assert while_it_runs == 1


async def test_a_request_whose_deadline_passes_while_it_waits_is_never_run() -> None:
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


async def test_a_request_whose_client_leaves_while_it_waits_is_never_run() -> None:
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


async def test_a_body_that_never_ends_meets_the_deadline() -> None:
    answer = await Caller(application(deadline_seconds=0.05)).request(
        "POST", "/v1/classify", {"content-type": "application/json"}, chunks=()
    )

    assert answer.status == 504


async def test_a_deadline_that_passed_is_in_the_log_with_the_id_of_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scheduler = FakeScheduler(blocked=True)
    parts = server_parts(scheduler, deadline_seconds=0.05)
    caller = Caller(application(parts))

    answer = await caller.classify(TEXTS, headers={"x-request-id": "case-8"})
    scheduler.go_on.set()
    await until(lambda: parts.call.admission.texts == 0)

    assert answer.status == 504
    (line,) = [one for one in caplog.records if getattr(one, "request_id", None) == "case-8"]
    assert line.levelno == logging.WARNING


async def test_a_fault_of_our_own_says_500_and_keeps_its_reason_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeScheduler):
        def submit(self, request: QueuedRequest) -> None:
            raise RuntimeError("secret detail")

    caplog.set_level(logging.ERROR)
    caller = Caller(application(scheduler=Broken()))

    answer = await caller.classify(TEXTS, headers={"x-request-id": "case-7"})

    assert (answer.status, answer.json()["type"]) == (500, "/problems/unexpected")
    assert b"secret" not in answer.body
    assert answer.json()["trace_id"] == "case-7"
    assert "case-7" in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("asked", ["", "x" * 129, "two words", "a\r\nb", "é"])
async def test_a_request_id_that_could_do_harm_is_replaced(asked: str) -> None:
    answer = await Caller(application()).request("GET", "/livez", {"x-request-id": asked})

    assert answer.headers["x-request-id"] not in ("", asked)


async def test_every_problem_is_explained_where_its_type_points() -> None:
    caller = Caller(application())

    answers = [await caller.request("GET", kind.path) for kind in KINDS.values()]
    unknown = await caller.request("GET", "/problems/none")

    assert [answer.status for answer in answers] == [200] * len(KINDS)
    assert unknown.status == 404


@pytest.mark.parametrize(("sent", "connection"), [(11, None), (40, None), (41, "close")])
async def test_a_body_over_the_limit_is_read_away_but_not_without_end(
    sent: int, connection: str | None
) -> None:
    chunks = [b"a"] * sent

    async def receive() -> Message:
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    with pytest.raises(PayloadTooLargeError) as caught:
        await read_body({}, receive, 10)

    assert caught.value.unread == (connection == "close")


async def test_a_declared_length_far_over_the_limit_is_refused_unread() -> None:
    async def receive() -> Message:
        raise AssertionError("nothing should be read")

    with pytest.raises(PayloadTooLargeError):
        await read_body({"content-length": "1000000"}, receive, 10)


async def test_a_body_in_pieces_is_put_together_and_a_client_that_leaves_is_noticed() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "http.request", "body": b"c"},
        {"type": "http.request", "body": b"d", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    assert await read_body({}, receive, 3) == b"abc"
    with pytest.raises(ClientGoneError):
        await read_body({}, receive, 3)


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    caller = Caller(application())

    get = await caller.request("GET", "/v1/model")
    head = await caller.request("HEAD", "/v1/model")

    assert head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    assert get.body == model_page(ARTIFACT, Limits()).body


async def test_the_pages_about_the_server_can_be_switched_off() -> None:
    caller = Caller(application(docs=False, metrics="off"))
    paths = ("/docs.json", "/schema.json", "/metrics", *docs_page())

    assert {(await caller.request("GET", path)).status for path in paths} == {404}


async def test_the_docs_page_loads_only_what_this_server_serves() -> None:
    caller = Caller(application())

    page = (await caller.request("GET", "/docs")).body.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert len(links) >= 6
    statuses = {
        link: (await caller.request("GET", link)).status for link in links if link != "data:,"
    }
    assert set(statuses.values()) == {200}
    assert "://" not in page
    assert "<script>" not in page


async def test_the_docs_page_is_under_a_policy_that_lets_no_script_in() -> None:
    answer = await Caller(application()).request("GET", "/docs")

    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["docs.js", "docs.css"])
def test_both_services_draw_their_documents_alike(name: str) -> None:
    own = ROOT / "serving" / "http" / "docs" / name

    assert own.read_text("utf-8") == (ROOT / "api" / "web" / name).read_text("utf-8")


def test_the_docs_page_is_drawn_without_flask() -> None:
    code = (
        "import sys; from serving.http.docs_page import docs_page; docs_page();"
        " print([name for name in sys.modules if 'flask' in name])"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "[]"


def test_without_the_files_of_swagger_ui_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("serving.http.docs_page._PACKAGE", "a_package_that_is_not_here")

    with pytest.raises(SettingsError, match=r"flask-openapi3-swagger.*SERVING_DOCS=off"):
        docs_page()


@pytest.mark.parametrize(("readers", "status"), [("open", 200), ("key", 401)])
async def test_the_metrics_ask_for_a_key_if_they_are_told_to(readers: str, status: int) -> None:
    keys = {"api": "0123456789abcdef"}
    caller = Caller(application(keys=keys, metrics=readers))

    without = await caller.request("GET", "/metrics")
    shown = await caller.request("GET", "/metrics", {"authorization": "Bearer 0123456789abcdef"})

    assert (without.status, shown.status) == (status, 200)


async def test_the_age_of_the_oldest_request_is_told_as_it_is_now() -> None:
    now = [100.0]
    scheduler = FakeScheduler(blocked=True)
    caller = Caller(application(server_parts(scheduler, clock=lambda: now[0])))
    queued = asyncio.create_task(caller.classify(TEXTS))
    await until(lambda: bool(scheduler.came))

    now[0] += 2.5
    page = (await caller.request("GET", "/metrics")).body
    scheduler.go_on.set()
    await queued

    assert b"oldest_request_seconds 2.5" in page
    assert b"held_texts 1.0" in page
