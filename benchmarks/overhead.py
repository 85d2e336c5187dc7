"""What the server costs per request besides the model's run: `python -m benchmarks.overhead`.

CPU time and latency per request, in one process and with a stand-in for the model: through
BentoML's endpoint (its in-memory app and dispatcher), through our scheduler, from the cache,
refused.
"""

import asyncio
import dataclasses
import logging
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import bentoml
import uvloop
from bentoml.validators import ContentType

from serving.classifier.artifact import EMOTIONS
from serving.classifier.tokenizer import Encoded
from serving.http.application import ServerParts
from serving.http.auth import ANONYMOUS
from serving.http.bentoml_app import BentomlApp
from serving.scheduling.scheduler import ContinuousScheduler, Outcome
from serving.schemas import Classification
from tests.support.serving.by_hand import Caller, application, server_parts

TEXT = "Happy, tired, sandy. What a day #swimming"
ITEM = Classification("joy", dict.fromkeys(EMOTIONS, 0.142857), 0.33, 12, truncated=False)
Items = Annotated[list[Any], ContentType("application/json")]
MANY, ROUNDS, REQUESTS, LONE_REQUESTS = 64, 2, 4000, 400
WARM_REQUESTS = 50


class NoModel:
    """A stand-in for the model that answers at once."""

    runners = 2

    def encode_each(self, texts: Sequence[str]) -> list[Encoded]:
        return [Encoded((1,) * 12, truncated=False) for _ in texts]

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        return [ITEM] * len(texts)


class Plain:
    """A BentoML service with one batchable endpoint and nothing else."""

    @bentoml.api(route="/v1/classify", batchable=True, max_batch_size=256)
    def classify(self, texts: list[str]) -> Items:
        return [ITEM.to_wire() for _ in texts]


def without_model(**settings: Any) -> ServerParts:
    """Return the server's parts with a scheduler without a model."""
    parts = server_parts(**settings)
    scheduler = ContinuousScheduler(NoModel(), parts.metrics)
    return dataclasses.replace(parts, call=dataclasses.replace(parts.call, scheduler=scheduler))


async def bentoml_app() -> Any:
    """Return a started BentoML app, as lean as ours is made."""
    off = {"enabled": False}
    service = bentoml.service(
        name="plain", metrics=off, logging={"access": off}, tracing={"excluded_urls": ".*"}
    )(Plain)
    app = service.to_asgi()
    started = asyncio.Event()

    async def receive() -> Any:
        if started.is_set():
            await asyncio.Event().wait()  # never shut down
        return {"type": "lifespan.startup"}

    async def send(_: Any) -> None:
        started.set()

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    app.lifespan = asyncio.create_task(app(scope, receive, send))
    await started.wait()
    return app


async def measure(name: str, ask: Callable[[], Awaitable[Any]], at_once: int) -> None:
    """Print the cost per request with `at_once` requests at a time."""
    requests = REQUESTS if at_once > 1 else LONE_REQUESTS

    async def one_by_one(count: int) -> None:
        for _ in range(count):
            await ask()

    await one_by_one(WARM_REQUESTS)
    for _ in range(ROUNDS):
        cpu, clock = time.process_time(), time.perf_counter()
        await asyncio.gather(*(one_by_one(requests // at_once) for _ in range(at_once)))
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
        each = clock / requests * at_once
        print(
            f"{name}, {at_once} at once: {cpu / requests * 1e6:,.0f} us of CPU per request,"
            f" answered after {each * 1e3:,.2f} ms"
        )


async def main() -> None:
    body = {"texts": [TEXT]}
    ours = application(without_model())
    cached = application(without_model(cache_texts=100))
    full = without_model(queue_texts=256)
    full.call.admission.reserve(256, ANONYMOUS)
    refusing = application(full)
    bentoml_endpoint = BentomlApp(await bentoml_app())
    for at_once in (MANY, 1):
        await measure("BentoML's endpoint", lambda: bentoml_endpoint.classify([TEXT]), at_once)
        await measure("our scheduler", lambda: Caller(ours).classify(body), at_once)
    await measure("the cache", lambda: Caller(cached).classify(body), 1)
    await measure("a refusal", lambda: Caller(refusing).classify(body), MANY)


if __name__ == "__main__":
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as home:
        os.environ["BENTOML_HOME"] = home
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
