"""Speak ASGI without a server, and make a contract without a model behind it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.classifier.artifact import EMOTIONS, ModelArtifact, Temperature
from serving.http.asgi import Answer, App, Message, Scope
from serving.http.auth import BearerKeys
from serving.http.contract import ContractParts
from serving.http.metrics import ServerMetrics
from serving.http.protocols.open_inference import OpenInference
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
    """Answer JOY to every text but BAD, one request after the other, at once or when told to."""

    def __init__(self, *, holds: bool = False) -> None:
        self.came: list[list[str]] = []
        self.go_on = asyncio.Event()
        if not holds:
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
                (place, None if text == BAD else item) for place, text in enumerate(request.texts)
            )


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` holds; fail after five seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


@dataclass
class Response:
    """Hold what an app sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def http_scope(method: str, path: str, headers: dict[str, str] | None = None) -> Scope:
    """Return the scope of a request."""
    pairs = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


class Caller:
    """Send requests to an app and leave, if told to, instead of waiting for the answer."""

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
        """Send a JSON document to the classifier."""
        return await self.post("/v1/classify", document, **options)

    async def post(self, path: str, document: Any, **options: Any) -> Response:
        """Send a JSON document."""
        body = json.dumps(document).encode()
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        return await self.request("POST", path, headers, [body], **options)


def contract_parts(
    scheduler: Scheduler | None = None,
    clock: Callable[[], float] = time.monotonic,
    **settings: Any,
) -> ContractParts:
    """Return parts that need no model; `settings` are fields of Settings, without a cache."""
    chosen = Settings(**{"cache_texts": 0, **settings})
    metrics = ServerMetrics(ARTIFACT)
    return ContractParts(
        settings=chosen,
        keys=BearerKeys(chosen.keys),
        admission=Admission(chosen.queue_texts, clock, metrics),
        cache=ResultCache(chosen.cache_texts, "fake 1", metrics),
        scheduler=scheduler or FakeScheduler(),
        metrics=metrics,
        model_page=Answer.of({"name": "fake"}),
        docs_page=Answer.of({"openapi": "3.1.0"}),
        open_inference=OpenInference(ARTIFACT.name, ARTIFACT.version),
        clock=clock,
    )
