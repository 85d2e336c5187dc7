"""The asyncio client of the inference server."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Self, TypeVar

import httpx

from serving.client.protocol import Flow, Flows, ModelInfo, Pause, Reply, RetryPolicy
from serving.client.synchronous import CONNECTIONS, TIMEOUT, connection
from serving.schemas import Classification, Limits, LongTexts

T = TypeVar("T")


class AsyncInferenceClient:
    """Asyncio client of an inference server, for one event loop; see InferenceClient."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take the arguments of InferenceClient."""
        self._flows = Flows(limits or Limits(), retry or RetryPolicy(), chance)
        self._sleep = sleep
        path, arguments = connection(base_url, key, timeout)
        if path is not None:
            transport = transport or httpx.AsyncHTTPTransport(uds=path, limits=CONNECTIONS)
        self._http = httpx.AsyncClient(transport=transport, **arguments)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def classify(
        self,
        texts: Sequence[str],
        *,
        request_id: str | None = None,
        long_texts: LongTexts = "truncate",
    ) -> list[Classification]:
        """Return one classification per text, in order, of any number of texts."""
        return await self._drive(self._flows.classify(texts, request_id, long_texts))

    async def model(self) -> ModelInfo:
        """Return which model the server serves."""
        return await self._drive(self._flows.model())

    async def ready(self) -> bool:
        """Return whether the server takes classifications now; False if it is unreachable."""
        return await self._drive(self._flows.ready())

    async def _drive(self, flow: Flow[T]) -> T:
        reply: Reply | None = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(step, Pause):
                await self._sleep(step)
                reply = None
                continue
            try:
                reply = await self._http.request(
                    step.method, step.path, content=step.body, headers=step.headers
                )
            except httpx.RequestError as exc:
                reply = exc
