"""The blocking client of the inference server: the asyncio client in a thread of its own.

Only an event loop can end a call at its deadline, or because its caller does not need it any more,
at any point: while a name is resolved, a connection made, a header or a body read.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, wait
from typing import Any, Self, TypeVar

import httpx

from serving.client.answers import ModelInfo
from serving.client.asynchronous import SECONDS, AsyncInferenceClient
from serving.client.errors import InferenceUnreachableError
from serving.client.protocol import RetryPolicy
from serving.schemas import Classification, Limits, LongTexts

CHECK_SECONDS = 0.5
"""How often the `check` of a call is made."""

Check = Callable[[], object]
T = TypeVar("T")


class InferenceClient:
    """Blocking client of an inference server; may be shared by threads, not by processes.

    Every call raises the children of InferenceError, and nothing of httpx's. A call may be given a
    `check`, which is called about twice a second until the call ends: an exception that it raises
    ends the call at once, with the request, and is raised.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        seconds: float = SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take the arguments of AsyncInferenceClient; `sleep` replaces its pauses in tests."""

        async def pause(duration: float) -> None:
            if sleep is None:
                await asyncio.sleep(duration)
            else:
                sleep(duration)

        self._client = AsyncInferenceClient(
            base_url,
            key=key,
            limits=limits,
            retry=retry,
            seconds=seconds,
            transport=transport,
            sleep=pause,
            chance=chance,
        )
        self._calls = _LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the calls that are under way, and close the connections."""
        self._calls.close(self._client.close)

    def classify(
        self,
        texts: Sequence[str],
        *,
        request_id: str | None = None,
        long_texts: LongTexts = "truncate",
        check: Check | None = None,
    ) -> list[Classification]:
        """Return one classification per text, in order; see AsyncInferenceClient.classify."""
        return self._calls.run(
            lambda: self._client.classify(texts, request_id=request_id, long_texts=long_texts),
            check,
        )

    def model(self, *, check: Check | None = None) -> ModelInfo:
        """Return which model the server serves."""
        return self._calls.run(self._client.model, check)

    def ready(self) -> bool:
        """Return whether the server takes classifications now; False if it is unreachable."""
        return self._calls.run(self._client.ready, None)


class _LoopThread:
    """An event loop in a thread, which starts with the first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, call: Callable[[], Coroutine[Any, Any, T]], check: Check | None) -> T:
        """Run a coroutine to its end, in the caller's context, and return its result."""
        with self._lock:
            loop = self._started()
            future = asyncio.run_coroutine_threadsafe(call(), loop)
        try:
            while check is not None and not wait([future], CHECK_SECONDS).done:
                check()
            return future.result()
        except CancelledError as exc:
            raise InferenceUnreachableError("the client was closed during the call") from exc
        finally:
            future.cancel()  # does nothing where the call has ended

    def close(self, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel the calls that are under way, run the coroutine `end` and stop the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._closed, self._loop, self._thread = True, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all_then(end), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise RuntimeError("the client has been closed")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="inference-client", daemon=True
            )
            self._thread.start()
        return self._loop


async def _cancel_all_then(end: Callable[[], Coroutine[Any, Any, None]]) -> None:
    calls = asyncio.all_tasks() - {asyncio.current_task()}
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await end()
