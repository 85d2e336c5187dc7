"""BentoML's own ASGI app, asked in memory: its pages, its classify endpoint, and its dispatcher.

Behind POST /v1/classify of that app is BentoML's adaptive batching: it gathers the texts of
several requests and calls the service's batchable method with them, one batch at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import httpx

from serving.classifier.tokenizer import Normalised
from serving.errors import UnexpectedError
from serving.http.messages import JSON_TYPE, Answer, App
from serving.http.protocols.native import CLASSIFY_PATH
from serving.scheduling.queue import QueuedRequest

logger = logging.getLogger(__name__)

_ORIGIN = "http://bentoml"
_NORMALISED = "\x00"
"""What a text begins with that is normalised already; to do it twice may change a text."""


def packed(text: str) -> str:
    """Return `text` for BentoML, which reads JSON with pydantic: without lone surrogates.

    Those, and the mark of a normalised text, are the first that `normalise` drops.
    """
    if isinstance(text, Normalised):
        return _NORMALISED + text
    return text.encode("utf-8", "ignore").decode().replace(_NORMALISED, "")


def unpacked(text: str) -> str:
    """Return the text that `packed` was given, marked as normalised if it was."""
    return Normalised(text[1:]) if text.startswith(_NORMALISED) else text


class BentomlApp:
    """BentoML's app without a socket in between."""

    def __init__(self, app: App) -> None:
        """Ask `app`, which has to be started before the first call."""
        self._transport = httpx.ASGITransport(app)

    async def page(self, path: str) -> Answer:
        """Return the answer to GET `path`."""
        status, body, headers = await self._ask(httpx.Request("GET", _ORIGIN + path))
        return Answer(status, body, headers.get("content-type", "text/plain"))

    async def classify(self, texts: Sequence[str]) -> list[dict[str, Any] | None]:
        """Return one classification per text, None for a text that cannot be classified.

        Raises UnexpectedError for any status but 200.
        """
        body = json.dumps({"texts": texts}).encode()
        headers = {"content-type": JSON_TYPE}
        request = httpx.Request("POST", _ORIGIN + CLASSIFY_PATH, content=body, headers=headers)
        status, answer, _ = await self._ask(request)
        if status != 200:
            raise UnexpectedError(f"BentoML's endpoint answered with status {status}.")
        items: list[dict[str, Any] | None] = json.loads(answer)
        return items

    async def _ask(self, request: httpx.Request) -> tuple[int, bytes, httpx.Headers]:
        response = await self._transport.handle_async_request(request)
        return response.status_code, await response.aread(), response.headers


class BentomlScheduler:
    """Runs requests through BentoML's dispatcher; `serving.scheduling` has our own scheduler.

    The dispatcher cannot take a text out of its queue: the texts of a dropped request are still
    classified, and count as queued until they are.
    """

    def __init__(self, bentoml: BentomlApp) -> None:
        """Classify with BentoML's endpoint."""
        self._bentoml = bentoml
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, request: QueuedRequest) -> None:
        """Queue a request; returns at once."""
        task = asyncio.create_task(self._run(request))
        self._tasks.add(task)  # the event loop holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    def drop(self, request: QueuedRequest) -> None:
        """Mark a request that nobody waits for any more."""
        request.dropped = True

    def close(self) -> None:
        """Give up the requests that are not finished."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, request: QueuedRequest) -> None:
        try:
            items = await self._bentoml.classify([packed(text) for text in request.texts])
        # A boundary: a task that nobody awaits would keep its exception to itself.
        except Exception as error:
            logger.exception("BentoML failed on %d texts", len(request.texts))
            if not request.finished.done():
                request.finished.set_exception(error)
            request.give_up(len(request.texts))
            return
        request.settle(
            (index, None if item is None else json.dumps(item).encode())
            for index, item in enumerate(items)
        )
