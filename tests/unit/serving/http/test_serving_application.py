"""How the application starts, and what it asks BentoML's app, here a stand-in."""

from __future__ import annotations

import asyncio
import json

import pytest

from serving.errors import UnexpectedError
from serving.http.application import Application
from serving.http.bentoml_app import BentomlApp
from serving.http.messages import App, Message, Receive, Scope, Send
from tests.support.serving.by_hand import Caller, server_parts


class BatchServer:
    """Stand for BentoML: answer each text with its length."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.bodies: list[bytes] = []
        self.started = False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self.started = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self.go_on.wait()
        body = (await receive())["body"]
        self.bodies.append(body)
        items = [{"n": len(text)} for text in json.loads(body)["texts"]]
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        for piece in (json.dumps(items).encode(), b""):
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})


async def start(app: App) -> tuple[asyncio.Task[None], asyncio.Event]:
    """Run an app's lifespan up to its start; setting the event shuts it down."""
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


def test_it_is_ready_once_it_has_warmed_up_the_server_behind_it() -> None:
    async def body() -> None:
        server = BatchServer()
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
        assert len(server.bodies) == 1

    asyncio.run(body())


def test_it_stays_not_ready_when_the_warm_up_fails(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        app = Application(BatchServer(status=500), lambda _: server_parts())

        lifespan, stop = await start(app)
        async with asyncio.timeout(5):
            while "warmed up" not in caplog.text:
                await asyncio.sleep(0)
        answer = await Caller(app).request("GET", "/readyz")
        stop.set()
        await lifespan

        assert answer.status == 503

    asyncio.run(body())


def test_a_websocket_is_refused() -> None:
    async def body() -> None:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        app = Application(BatchServer(), lambda _: server_parts())
        await app({"type": "websocket"}, receive, send)

        assert sent == [{"type": "websocket.close"}]

    asyncio.run(body())


def test_any_other_status_from_behind_is_a_fault_of_our_own() -> None:
    with pytest.raises(UnexpectedError, match="503"):
        asyncio.run(BentomlApp(BatchServer(status=503)).classify(["a"]))
