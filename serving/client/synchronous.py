"""The blocking client of the inference server."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import httpx

from serving.client.protocol import Flow, Flows, ModelInfo, Pause, Reply, RetryPolicy
from serving.schemas import Classification, Limits, LongTexts

TIMEOUT = httpx.Timeout(connect=3.0, write=10.0, read=60.0, pool=10.0)
"""Seconds; `read` is longer than the longest deadline that a server can be given."""

CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0)
"""A connection is dropped before the server, which waits five seconds, drops it."""

T = TypeVar("T")


class InferenceClient:
    """Blocking client of an inference server; may be shared by threads.

    Every call raises the children of InferenceError, and nothing of httpx's.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Connect to the server at `base_url`, with a bearer `key` where it asks for one.

        `unix:/path` is a server at a Unix socket.

        `limits` are those of one request, `retry` says when to try again. `transport`,
        `sleep` (seconds) and `chance` (0 to 1) replace the outside world in tests. Raises
        ValueError when `base_url` is not an http or https address.
        """
        self._flows = Flows(limits or Limits(), retry or RetryPolicy(), chance)
        self._sleep = sleep
        path, arguments = connection(base_url, key, timeout)
        if path is not None:
            transport = transport or httpx.HTTPTransport(uds=path, limits=CONNECTIONS)
        self._http = httpx.Client(transport=transport, **arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def classify(
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
        return self._drive(self._flows.classify(texts, request_id, long_texts))

    def model(self) -> ModelInfo:
        """Return which model the server serves."""
        return self._drive(self._flows.model())

    def ready(self) -> bool:
        """Return whether the server takes classifications now; False if it is unreachable."""
        return self._drive(self._flows.ready())

    def _drive(self, flow: Flow[T]) -> T:
        reply: Reply | None = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(step, Pause):
                self._sleep(step)
                reply = None
                continue
            try:
                reply = self._http.request(
                    step.method, step.path, content=step.body, headers=step.headers
                )
            except httpx.RequestError as exc:
                reply = exc


def connection(
    base_url: str, key: str | None, timeout: httpx.Timeout
) -> tuple[str | None, dict[str, Any]]:
    """Return the path of a Unix socket, if the address is one, and httpx's arguments for a client.

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
    return path, {
        "base_url": url,
        "headers": {} if key is None else {"authorization": f"Bearer {key}"},
        "timeout": timeout,
        "limits": CONNECTIONS,
        "trust_env": False,
    }
