"""The ASGI middleware in front of BentoML: it holds the contract up and warms the server.

The contract answers everything that comes over HTTP; BentoML behind it has the process, the
socket and the service's life. Its own endpoint is asked once before the server is ready, so a
service that BentoML cannot serve never is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from serving.http.asgi import App, Message, Receive, Scope, Send
from serving.http.contract import Contract, ContractParts
from serving.http.downstream import classify_downstream

logger = logging.getLogger(__name__)

_WORDS = "today was one of those days that I will remember for a long time "


class Gateway:
    """Answer HTTP as the contract says; ready once the server behind it is warm."""

    def __init__(self, app: App, parts: Callable[[], ContractParts]) -> None:
        """Stand in front of `app`; `parts` is first called when `app` has started."""
        self._app = app
        self._parts = parts
        self._contract: Contract | None = None
        self._warming: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._started().exchange(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, self._watch_start(send))
        else:  # a WebSocket, refused before it is accepted
            await send({"type": "websocket.close"})

    def _started(self) -> Contract:
        if self._contract is None:
            self._contract = Contract(self._parts())
        return self._contract

    def _watch_start(self, send: Send) -> Send:
        """Return a `send` that begins to warm the server up as soon as it has started."""

        async def watched(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._warming = asyncio.create_task(self._warm_up())
            elif message["type"].startswith("lifespan.shutdown") and self._warming is not None:
                self._warming.cancel()
            await send(message)

        return watched

    async def _warm_up(self) -> None:
        """Make the contract ready; where that fails, log why and stay not ready."""
        try:
            await classify_downstream(self._app, ["ready?"])
            await warm_up(self._started().classify)
        # A boundary: a task that nobody awaits would keep its exception to itself.
        except Exception:
            logger.exception("the server cannot be warmed up and stays not ready")
            return
        self._started().ready = True
        logger.info("the server is warm and ready")


async def warm_up(classify: Callable[[Sequence[str]], Awaitable[bytes]]) -> None:
    """Classify a single text, then one batch of lengths from short to longest.

    The model allocates its memory in the first runs of each length.
    """
    await classify([_WORDS])
    await classify([_WORDS * repeats for repeats in (1, 2, 4, 8, 16, 32)])
