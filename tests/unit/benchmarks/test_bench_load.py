"""The client against a server in the same event loop, over loopback."""

import asyncio
import json
import os
import pickle
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from aiohttp import web

from benchmarks.peers.client.load import run
from benchmarks.peers.client.phases import Phase, PhaseResult, Task
from benchmarks.peers.contract import Answer, Setup
from benchmarks.peers.inputs import Inputs

pytestmark = pytest.mark.integration

TEXTS = [f"text {number}" for number in range(20)]
ITEM = {"label": "joy", "scores": {"joy": 1.0}, "irony": 0.5}
INPUTS = Inputs(TEXTS, [Answer("joy", {"joy": 1.0}, 0.5)] * len(TEXTS))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def answer_all(request: web.Request) -> web.Response:
    texts = (await request.json())["texts"]
    return web.json_response([ITEM] * len(texts))


async def answer_in_pieces_and_close(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"connection": "close"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for piece in json.dumps([ITEM]).partition(","):
        await response.write(piece.encode())
    await response.write_eof()
    return response


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def refuse_all(_: web.Request) -> web.Response:
    return web.Response(status=429, headers={"retry-after": "1"})


def load(handler: Handler, folder: Path, *phases: Phase) -> list[PhaseResult]:
    async def scenario() -> list[PhaseResult]:
        app = web.Application()
        app.router.add_post("/classify", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        setup = Setup(Path(sys.executable), runner.addresses[0][1], folder, folder)
        task = Task("flask_gunicorn", setup, os.getpid(), INPUTS, 0, phases)
        try:
            sent = pickle.loads(pickle.dumps(task))  # noqa: S301 -- as to a client process
            return await run(sent, os.getpid())
        finally:
            await runner.cleanup()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(scenario())


def test_phases_follow_one_another_and_each_has_figures(tmp_path: Path) -> None:
    lone, batch = load(
        answer_all, tmp_path, Phase("lone_before", 1, 1, 0.2, 0.05), Phase("batches", 3, 5, 0.2)
    )

    assert (lone.name, batch.name) == ("lone_before", "batches")
    assert lone.texts_per_second > 0
    assert lone.statuses == {"200": lone.requests}
    assert batch.agreement is not None
    assert (batch.agreement.labels, batch.agreement.worst) == (1.0, 0.0)


def test_requests_by_the_clock_go_out_although_none_is_answered(tmp_path: Path) -> None:
    (result,) = load(refuse_all, tmp_path, Phase("overload", 0, 5, 0.5, rate=40.0))

    assert result.texts_per_second == 0.0
    assert 5 <= result.requests <= 25
    assert result.statuses == {"429": result.requests}
    assert result.rejected_p50_ms is not None


def test_answers_in_pieces_on_connections_that_close_are_read(tmp_path: Path) -> None:
    (result,) = load(answer_in_pieces_and_close, tmp_path, Phase("singles", 2, 1, 0.3))

    assert result.statuses == {"200": result.requests}
    assert result.agreement is not None
    assert result.agreement.worst == 0.0


def test_a_connection_that_breaks_off_is_counted_and_the_next_one_is_tried(tmp_path: Path) -> None:
    (result,) = load(hang_up, tmp_path, Phase("singles", 2, 1, 0.3))

    assert result.requests > 2
    assert result.statuses == {"ConnectionLostError": result.requests}
