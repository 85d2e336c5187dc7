"""How the application starts, and what it asks BentoML's app, here a stand-in."""

import asyncio

import pytest

from serving.http.application import Application
from serving.http.messages import App, Message
from tests.support.serving.by_hand import Caller, FakeBentomlApp, server_parts

pytestmark = pytest.mark.anyio


async def start(app: App) -> tuple[asyncio.Task[None], asyncio.Event]:
    started, stop = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            started.set()

    async def lifespan() -> None:
        await app({"type": "lifespan"}, receive, send)

    task = asyncio.create_task(lifespan())
    await started.wait()
    return task, stop


async def test_it_is_ready_once_it_has_warmed_up_the_server_behind_it() -> None:
    server = FakeBentomlApp()
    app = Application(server, lambda _: server_parts())
    caller = Caller(app)
    server.go_on.clear()

    lifespan, stop = await start(app)
    cold = await caller.request("GET", "/readyz")
    server.go_on.set()
    async with asyncio.timeout(5):
        while (await caller.request("GET", "/readyz")).status != 200:
            await asyncio.sleep(0)
    stop.set()
    await lifespan

    assert server.started
    assert cold.status == 503
    assert server.texts == [["ready?"]]


async def test_it_becomes_ready_however_short_its_queue_is() -> None:
    app = Application(FakeBentomlApp(), lambda _: server_parts(max_texts=1, queue_texts=1))

    lifespan, stop = await start(app)
    async with asyncio.timeout(5):
        while (await Caller(app).request("GET", "/readyz")).status != 200:
            await asyncio.sleep(0)
    stop.set()
    await lifespan


async def test_it_stays_not_ready_when_the_warm_up_fails(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(FakeBentomlApp(status=500), lambda _: server_parts())

    lifespan, stop = await start(app)
    async with asyncio.timeout(5):
        while "warmed up" not in caplog.text:
            await asyncio.sleep(0)
    answer = await Caller(app).request("GET", "/readyz")
    stop.set()
    await lifespan

    assert answer.status == 503


async def test_a_websocket_is_refused() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = Application(FakeBentomlApp(), lambda _: server_parts())
    await app({"type": "websocket"}, receive, send)

    assert sent == [{"type": "websocket.close"}]
