"""Send ASGI requests without a server, and make an application without a model behind it."""

import asyncio
import functools
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.classifier.artifact import EMOTIONS, ModelArtifact, Temperature
from serving.http.application import Application, ServerParts
from serving.http.classify import ClassifyCall
from serving.http.messages import App, Message, Receive, Scope, Send
from serving.http.metrics import ServerMetrics
from serving.http.windows import WindowCutter
from serving.scheduling.queue import Admission, QueuedRequest
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import Scheduler
from serving.settings import Settings

ARTIFACT = ModelArtifact(
    folder=Path("nowhere"),
    name="fake",
    version="1",
    base="none",
    precision="fp32",
    labels=(),
    max_tokens=32,
    preprocess_version=1,
    temperature=Temperature(),
    accuracy={},
    training={},
    verification={},
)


BAD = "bad"
"""A text that FakeScheduler cannot classify."""

JOY = {
    "label": "joy",
    "scores": {name: float(name == "joy") for name in EMOTIONS},
    "irony": 0.5,
    "tokens": 3,
    "truncated": False,
}


class FakeScheduler:
    """Scheduler that answers JOY to every text but BAD, job by job, at once or when told to."""

    def __init__(self, *, blocked: bool = False) -> None:
        self.came: list[list[str]] = []
        self.go_on = asyncio.Event()
        if not blocked:
            self.go_on.set()
        self._turn = asyncio.Lock()
        self._running: QueuedRequest | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, request: QueuedRequest) -> None:
        task = asyncio.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drop(self, request: QueuedRequest) -> None:
        request.dropped = True
        if request is not self._running:
            request.give_up(len(request.texts))

    def close(self) -> None:
        """Nothing to give back."""

    async def _run(self, request: QueuedRequest) -> None:
        async with self._turn:
            if request.dropped:
                return
            self._running = request
            self.came.append(list(request.texts))
            await self.go_on.wait()
            self._running = None
            item = json.dumps(JOY).encode()
            request.settle(
                (index, None if text == BAD else item) for index, text in enumerate(request.texts)
            )


def in_event_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in an event loop of its own; it fails after ten seconds."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*arguments, **named), timeout=10))

    return run


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` is true; fail after five seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


@dataclass
class Response:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def http_scope(method: str, path: str, headers: dict[str, str] | None = None) -> Scope:
    pairs = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


class Caller:
    """Sends requests to an app; may leave instead of waiting for the answer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        chunks: Sequence[bytes] = (b"",),
        leaves: asyncio.Event | None = None,
    ) -> Response:
        """Send the body in `chunks`; the connection closes when `leaves` is set."""
        pending = list(chunks)
        response = Response()

        async def receive() -> Message:
            if pending:
                chunk = pending.pop(0)
                return {"type": "http.request", "body": chunk, "more_body": bool(pending)}
            await (leaves or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                pairs = message["headers"]
                response.headers = {key.decode(): value.decode() for key, value in pairs}
            else:
                response.body += message.get("body", b"")

        await self._app(http_scope(method, path, headers), receive, send)
        return response

    async def classify(self, document: Any, **options: Any) -> Response:
        return await self.post("/v1/classify", document, **options)

    async def post(self, path: str, document: Any, **options: Any) -> Response:
        body = json.dumps(document).encode()
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        return await self.request("POST", path, headers, [body], **options)


def server_parts(
    scheduler: Scheduler | None = None,
    clock: Callable[[], float] = time.monotonic,
    **settings: Any,
) -> ServerParts:
    """Return parts that need no model; `settings` are fields of Settings, without a cache."""
    chosen = Settings(**{"cache_texts": 0, **settings})
    metrics = ServerMetrics(ARTIFACT)
    call = ClassifyCall(
        scheduler=scheduler or FakeScheduler(),
        admission=Admission(chosen.queue_texts, clock, metrics, chosen.key_share),
        cache=ResultCache(chosen.cache_texts, "fake 1", metrics),
        limits=chosen.limits,
        clock=clock,
        deadline_seconds=chosen.deadline_seconds,
        windows=WindowCutter(str.split, chosen.max_texts),
    )
    return ServerParts(chosen, ARTIFACT, metrics, call)


class FakeBentomlApp:
    """Stand-in for BentoML's app: answers each text with its length, "null" with null."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.texts: list[list[str]] = []
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
        texts = json.loads((await receive())["body"])["texts"]
        self.texts.append(texts)
        items = [None if text == "null" else {"n": len(text)} for text in texts]
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        for piece in (json.dumps(items).encode(), b""):
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})


async def nothing_behind(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand for BentoML's app where nothing is passed on to it."""
    raise AssertionError("nothing should be passed on")


def application(
    parts: ServerParts | None = None,
    *,
    ready: bool = True,
    bentoml_app: App = nothing_behind,
    **options: Any,
) -> Application:
    """Return a started application on `parts`, by default `server_parts(**options)`."""
    made = Application(bentoml_app, lambda _: parts or server_parts(**options))
    made.start()
    made.ready = ready
    return made
