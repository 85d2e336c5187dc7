"""BentoML's own ASGI app, asked in memory: its pages, its classify endpoint, and its dispatcher.

Behind POST /v1/classify of that app is BentoML's adaptive batching: it gathers the texts of
several requests and calls the service's batchable method with them, one batch at a time.
"""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import httpx

from serving.classifier.classifier import EmotionClassifier, Outcome
from serving.classifier.tokenizer import Encoded, Normalised
from serving.errors import ClassificationError, UnexpectedError
from serving.http.messages import Answer, App
from serving.http.protocols.native import CLASSIFY_PATH
from serving.scheduling.queue import QueuedRequest
from serving.scheduling.scheduler import RunReport, SchedulerObserver

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


class BentomlApp:
    """BentoML's app without a socket in between."""

    def __init__(self, app: App) -> None:
        """Ask `app`, which has to be started before the first call."""
        self._transport = httpx.ASGITransport(app)

    async def page(self, path: str) -> Answer:
        """Return the answer to GET `path`."""
        response = await self._ask(httpx.Request("GET", _ORIGIN + path))
        content_type = response.headers.get("content-type", "text/plain")
        return Answer(response.status_code, response.content, content_type)

    async def classify(self, texts: Sequence[str]) -> list[dict[str, Any] | None]:
        """Return one classification per text, None for a text that cannot be classified.

        Raises UnexpectedError for any status but 200.
        """
        document = {"texts": texts}
        response = await self._ask(httpx.Request("POST", _ORIGIN + CLASSIFY_PATH, json=document))
        if response.status_code != 200:
            raise UnexpectedError(
                f"BentoML's endpoint answered with status {response.status_code}."
            )
        items: list[dict[str, Any] | None] = response.json()
        return items

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return response


class MeasuredClassifier:
    """What the service's batchable method calls: classifies, and records what our scheduler does.

    How long a request was queued is not recorded: only BentoML's dispatcher knows.
    """

    def __init__(self, classifier: EmotionClassifier, observer: SchedulerObserver) -> None:
        self._classifier = classifier
        self._observer = observer

    def classify_each(self, texts: Sequence[str]) -> list[Outcome]:
        """Return one outcome per text that `packed` has made fit for BentoML."""
        unpacked = [Normalised(text[1:]) if text[:1] == _NORMALISED else text for text in texts]
        return self._classifier.classify_each(unpacked, self._encode, self._run)

    def _encode(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        began = time.monotonic()
        encoded = self._classifier.encode_each(texts)
        failed = sum(isinstance(text, ClassificationError) for text in encoded)
        self._observer.encoded(failed, time.monotonic() - began)
        return encoded

    def _run(self, texts: Sequence[Encoded]) -> list[Outcome]:
        began = time.monotonic()
        outcomes = self._classifier.run_each(texts)
        self._observer.ran(RunReport.of(texts, outcomes, time.monotonic() - began))
        return outcomes


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
