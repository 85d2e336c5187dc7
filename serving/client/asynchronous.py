"""The asyncio client of the inference server."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self, TypeVar

import httpx

from serving.client.answers import MAX_ANSWER_BYTES, Answer, ModelInfo
from serving.client.errors import InferenceAnswerError, InferenceUnreachableError
from serving.client.protocol import Flow, Flows, Reply, Request, RetryPolicy
from serving.schemas import Classification, Limits, LongTexts

SECONDS = 60.0
"""How long a request may take: longer than the longest deadline that a server can be given."""

_CONNECT_SECONDS = 3.0
_CONNECTIONS = httpx.Limits(
    max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0
)  # a connection is dropped before the server, which waits five seconds, drops it

T = TypeVar("T")


class AsyncInferenceClient:
    """Asyncio client of an inference server, for one event loop.

    Every call raises the children of InferenceError, and nothing of httpx's. It ends in a bounded
    time, whatever the server does: see `seconds` and RetryPolicy.
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
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Connect to the server at `base_url`, with a bearer `key` where it asks for one.

        `unix:/path` is a server at a Unix socket.

        `limits` are those of one request, `seconds` is what one may take from its first byte to
        the last of its answer, `retry` says when to try again. `transport`, `sleep` (seconds) and
        `chance` (0 to 1) replace the outside world in tests. Raises ValueError when `base_url` is
        not an http or https address.
        """
        self._flows = Flows(limits or Limits(), retry or RetryPolicy(), seconds, chance)
        self._sleep = sleep
        path, url = _address(base_url)
        if path is not None:
            transport = transport or httpx.AsyncHTTPTransport(uds=path, limits=_CONNECTIONS)
        # Answers are asked for as they are: one that is packed could be of any size unpacked.
        headers = {"accept-encoding": "identity"}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._http = httpx.AsyncClient(
            transport=transport,
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(None, connect=min(_CONNECT_SECONDS, seconds)),
            limits=_CONNECTIONS,
            trust_env=False,
        )

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
        """Return one classification per text, in order, of any number of texts.

        `request_id` (letters, digits, `.`, `_`, `-`) is what the server calls the requests in
        its log and in problem documents. Of a text longer than the model reads the start is
        classified, or with `long_texts` "window" all of it, in windows that are averaged.
        """
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
            if isinstance(step, Request):
                reply = await self._send(step)
            else:
                await self._sleep(step)
                reply = None

    async def _send(self, request: Request) -> Reply:
        """Return the answer, or as an error why there is none."""
        arguments: dict[str, Any] = {"content": request.body, "headers": request.headers}
        try:
            # A timeout of httpx's is for one read, and a server may send a byte now and then.
            async with (
                asyncio.timeout(request.seconds),
                self._http.stream(request.method, request.path, **arguments) as response,
            ):
                return await _answer_of(response)
        except TimeoutError:
            return InferenceUnreachableError(
                f"the inference server gave no whole answer within {request.seconds:.3g} seconds"
            )
        except httpx.RequestError as exc:
            reason = type(exc).__name__
            return InferenceUnreachableError(f"the inference server cannot be reached: {reason}")


async def _answer_of(response: httpx.Response) -> Reply:
    """Read an answer up to MAX_ANSWER_BYTES; what is not read ends with the connection.

    Of an answer that is no success the status counts, so a body that cannot be had is left out.
    """
    status, retry_after = response.status_code, response.headers.get("retry-after", "")
    body = bytearray()
    fault = None
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        fault = "the answer is packed, which was not asked for"
    elif _length(response) > MAX_ANSWER_BYTES:
        fault = _TOO_LARGE
    else:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                fault = _TOO_LARGE
                break
    if fault is None:
        return Answer(status, retry_after, bytes(body))
    return InferenceAnswerError(fault) if response.is_success else Answer(status, retry_after, b"")


_TOO_LARGE = f"the answer is larger than {MAX_ANSWER_BYTES:,} bytes"


def _length(response: httpx.Response) -> int:
    stated = response.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 20 else 0


def _address(base_url: str) -> tuple[str | None, httpx.URL]:
    """Return the path of a Unix socket, if the address is one, and the address for httpx.

    ValueError unless the address is http, https or `unix:` and an absolute path.
    """
    path = None
    if base_url.startswith("unix:/"):
        path, base_url = base_url.removeprefix("unix:"), "http://localhost"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as exc:
        raise ValueError(f"{base_url!r} is not an address") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{base_url!r} must be like http://127.0.0.1:3000 or unix:/path")
    return path, url
