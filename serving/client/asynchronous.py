"""The asyncio client of the inference server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx

from serving.client.flow import Flow, Flows, Pause, RetryPolicy
from serving.client.synchronous import (
    CONNECTIONS,
    TIMEOUT,
    ModelInfo,
    authorization,
    checked_url,
    headers_of,
    reply_of,
)
from serving.client.wire import Reply, Request
from serving.schemas import Classification, Limits

T = TypeVar("T")


class AsyncInferenceClient:
    """Do what InferenceClient does, for one event loop."""

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
        """Take what InferenceClient takes."""
        self._flows = Flows(limits or Limits(), retry or RetryPolicy(), chance)
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=checked_url(base_url),
            headers=authorization(key),
            timeout=timeout,
            limits=CONNECTIONS,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def classify(
        self, texts: Sequence[str], *, request_id: str | None = None
    ) -> list[Classification]:
        """Return one classification a text, in order, of any number of texts."""
        return await self._drive(self._flows.classify(texts), request_id)

    async def model(self) -> ModelInfo:
        """Return which model the server serves."""
        return ModelInfo.from_wire(await self._drive(self._flows.document("/v1/model"), None))

    async def ready(self) -> bool:
        """Return whether the server takes classifications now; False if it is not there."""
        return await self._drive(self._flows.ready(), None)

    async def _drive(self, flow: Flow[T], request_id: str | None) -> T:
        reply: Reply | None = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(step, Pause):
                await self._sleep(step.seconds)
                reply = None
            else:
                reply = await self._exchange(step, request_id)

    async def _exchange(self, request: Request, request_id: str | None) -> Reply:
        try:
            response = await self._http.request(
                request.method,
                request.path,
                content=request.body,
                headers=headers_of(request, request_id),
            )
        except httpx.RequestError as exc:
            return Reply(0, reason=type(exc).__name__)
        return reply_of(response)
