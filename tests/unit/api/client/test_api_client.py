"""The client of the API: what it sends, when it tries again, and how it reports refusals."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client import (
    AnalysisEndedError,
    BusyError,
    KeyRefusedError,
    MoodlineClient,
    NotFoundError,
    ProblemError,
    UnreachableError,
)

Handler = Callable[[httpx.Request], httpx.Response]


class Time:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client_of(handler: Handler, time: Time, **more: Any) -> MoodlineClient:
    return MoodlineClient(
        "http://api", transport=httpx.MockTransport(handler), sleep=time.sleep,
        clock=lambda: time.now, **more,
    )  # fmt: skip


def problem(status: int, kind: str, **headers: str) -> httpx.Response:
    document = {
        "type": f"/problems/{kind}", "title": "Title", "status": status, "detail": "What to do.",
        "trace_id": "t", "errors": [{"where": "as_of", "reason": "is no time"}],
    }  # fmt: skip
    return httpx.Response(status, json=document, headers=headers)


def analysis(state: str, classified: int = 0) -> dict[str, Any]:
    failed = {"type": "/problems/x", "title": "Broke", "detail": "Fix it."}
    return {
        "analysis_id": "a1", "state": state, "progress": {"classified": classified},
        "result": {"summary": "fine"} if state == "succeeded" else None,
        "problem": failed if state == "failed" else None,
    }  # fmt: skip


def event(document: dict[str, Any]) -> str:
    return f"event: analysis\ndata: {json.dumps(document)}\n\n"


def test_a_busy_api_is_asked_again_after_the_time_it_names() -> None:
    time = Time()
    answers = iter([problem(429, "busy", **{"Retry-After": "7"}), httpx.Response(200, json={})])

    with client_of(lambda _: next(answers), time) as client:
        client.user("ana")

    assert time.waits == [7.0]


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    time = Time()
    busy = problem(503, "no-room", **{"Retry-After": "90"})

    with (
        client_of(lambda _: busy, time, deadline_seconds=60) as client,
        pytest.raises(BusyError) as refused,
    ):
        client.user("ana")

    assert refused.value.retry_after == 90
    assert time.waits == []


def test_an_upload_is_not_sent_again_when_nobody_answered(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("text,created_at\n")
    sent = []

    def cut(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        raise httpx.ReadError("cut", request=request)

    with client_of(cut, Time()) as client, pytest.raises(UnreachableError):
        client.import_posts("ana", file)

    assert sent == ["/v1/users/ana/posts"]


def test_a_start_that_is_sent_again_has_the_same_idempotency_key() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadError("cut", request=request)
        return httpx.Response(202, json=analysis("queued"))

    with client_of(handler, Time()) as client:
        client.start("ana", consent=True)

    assert len(keys) == 2
    assert len({*keys}) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(401, KeyRefusedError), (403, KeyRefusedError), (404, NotFoundError)]
)
def test_a_refusal_has_the_problem_document_and_its_text(
    status: int, error: type[ProblemError]
) -> None:
    with (
        client_of(lambda _: problem(status, "some-kind"), Time()) as client,
        pytest.raises(error, match=r"Title: What to do.\n  as_of: is no time") as refused,
    ):
        client.user("ana")

    assert refused.value.kind == "some-kind"
    assert refused.value.problem["trace_id"] == "t"


def test_a_picture_comes_as_its_bytes_in_the_width_and_theme_asked_for() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, dict(request.url.params)))
        return httpx.Response(200, content=b"\x89PNG\r\n\x1a\n\x00\xff")

    with client_of(handler, Time()) as client:
        picture = client.summary_picture("ana", width=800, theme="dark")
        client.summary_picture("ana")

    assert picture == b"\x89PNG\r\n\x1a\n\x00\xff"
    assert asked == [
        ("/v1/users/ana/summary.png", {"width": "800", "theme": "dark"}),
        ("/v1/users/ana/summary.png", {"width": "1200", "theme": "light"}),
    ]


def test_without_a_mood_the_picture_is_refused_like_any_call() -> None:
    with (
        client_of(lambda _: problem(404, "not-found"), Time()) as client,
        pytest.raises(NotFoundError, match="What to do"),
    ):
        client.summary_picture("ana")


def test_an_answer_of_something_in_between_is_a_refusal_too() -> None:
    with (
        client_of(lambda _: httpx.Response(502, text="<html>"), Time()) as client,
        pytest.raises(ProblemError, match="HTTP 502"),
    ):
        client.user("ana")


def test_events_are_followed_to_the_end() -> None:
    stream = ": still here\n\n" + event(analysis("running", 3)) + event(analysis("succeeded", 9))

    with client_of(lambda _: httpx.Response(200, text=stream), Time()) as client:
        states = [each["state"] for each in client.follow("a1")]

    assert states == ["running", "succeeded"]


def test_where_events_break_off_the_analysis_is_asked_for() -> None:
    polled = iter([analysis("running", 3), analysis("running", 5), analysis("succeeded", 9)])

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(200, text=event(analysis("running", 3)))
        return httpx.Response(200, json=next(polled))

    with client_of(handler, Time()) as client:
        counts = [each["progress"]["classified"] for each in client.follow("a1")]

    assert counts == [3, 5, 9]


def test_an_analysis_that_does_not_end_is_left_at_the_deadline() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return problem(503, "no-room")
        return httpx.Response(200, json=analysis("running"))

    with client_of(handler, Time()) as client, pytest.raises(UnreachableError, match="deadline"):
        client.result("a1", deadline_seconds=5)


def test_a_failed_analysis_raises_with_its_problem() -> None:
    stream = event(analysis("failed"))

    with (
        client_of(lambda _: httpx.Response(200, text=stream), Time()) as client,
        pytest.raises(AnalysisEndedError, match=r"Broke: Fix it.") as ended,
    ):
        client.result("a1")

    assert ended.value.analysis["state"] == "failed"


def test_an_answer_that_trickles_is_given_up_at_the_deadline() -> None:
    time = Time()

    def trickle() -> Iterator[bytes]:
        while True:
            time.now += 10
            yield b" "

    with (
        client_of(lambda _: httpx.Response(200, content=trickle()), time) as client,
        pytest.raises(UnreachableError),
    ):
        client.user("ana")


def test_days_are_sent_under_their_names_and_others_are_refused() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        return httpx.Response(200, json={})

    with client_of(handler, Time()) as client:
        client.timeline("ana", bucket="week", first="2024-01-01", timezone="Europe/Berlin")
        with pytest.raises(TypeError, match="until"):
            client.timeline("ana", until="2024-01-01")

    assert asked == ["bucket=week&from=2024-01-01&timezone=Europe%2FBerlin"]


def test_a_name_of_a_user_cannot_reach_another_address() -> None:
    paths: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return httpx.Response(200, json={})

    with client_of(handler, Time()) as client:
        client.user("../x?y")

    assert paths == [b"/v1/users/..%2Fx%3Fy"]
