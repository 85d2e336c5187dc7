"""Speak ASGI without a server, and make a contract without a model behind it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.admission import TextQueue
from serving.artifact import ModelArtifact, Temperature
from serving.asgi import Answer, App, Message, Scope
from serving.contract import ContractParts
from serving.keys import BearerKeys
from serving.metrics import ServerMetrics
from serving.oip import OpenInference
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
    clock: Callable[[], float] = time.monotonic, cohort: int = 256, **settings: Any
) -> ContractParts:
    """Return parts that need no model; `settings` are fields of Settings."""
    chosen = Settings(**settings)
    metrics = ServerMetrics(ARTIFACT)
    return ContractParts(
        settings=chosen,
        keys=BearerKeys(chosen.keys),
        queue=TextQueue(chosen.queue_texts, cohort, clock, metrics),
        metrics=metrics,
        model_page=Answer.of({"name": "fake"}),
        docs_page=Answer.of({"openapi": "3.1.0"}),
        open_inference=OpenInference(ARTIFACT.name, ARTIFACT.version),
        clock=clock,
    )
