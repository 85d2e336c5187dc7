"""The blocking client of the inference server."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from serving.client.errors import (
    InferenceAnswerError,
)
from serving.client.flow import Flow, Flows, Pause, RetryPolicy
from serving.client.wire import Reply, Request
from serving.schemas import Classification, Limits

TIMEOUT = httpx.Timeout(connect=3.0, write=10.0, read=60.0, pool=10.0)
"""Seconds; `read` is longer than the longest deadline that a server can be given."""

CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0)
"""A connection is dropped before the server, which waits five seconds, drops it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Hold which model a server serves; `accuracy` is as measured, by data set."""

    name: str
    version: str
    base: str
    precision: str
    labels: tuple[str, ...]
    max_tokens: int
    limits: Limits
    accuracy: Mapping[str, Any]

    @classmethod
    def from_wire(cls, document: Mapping[str, Any]) -> ModelInfo:
        """Read what /v1/model answers; InferenceAnswerError when it is something else."""
        try:
            limits = document["limits"]
            return cls(
                name=str(document["name"]),
                version=str(document["version"]),
                base=str(document["base"]),
                precision=str(document["precision"]),
                labels=tuple(map(str, document["labels"])),
                max_tokens=int(document["max_tokens"]),
                limits=Limits(
                    int(limits["texts"]), int(limits["text_chars"]), int(limits["body_bytes"])
                ),
                accuracy=dict(document["accuracy"]),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise InferenceAnswerError("the answer does not describe a model") from exc


class InferenceClient:
    """Talk to a server and block meanwhile; may be shared by threads.

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
        """Talk to the server at `base_url`, with a bearer `key` where it asks for one.

        `limits` are those of one request, `retry` says when to try again. `transport`,
        `sleep` (seconds) and `chance` (0 to 1) are the outside world. Raises ValueError when
        `base_url` is not an http or https address.
        """
        self._flows = Flows(limits or Limits(), retry or RetryPolicy(), chance)
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=checked_url(base_url),
            headers=authorization(key),
            timeout=timeout,
            limits=CONNECTIONS,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def classify(
        self, texts: Sequence[str], *, request_id: str | None = None
    ) -> list[Classification]:
        """Return one classification a text, in order, of any number of texts.

        `request_id` (letters, digits, `.`, `_`, `-`) is what the server calls the requests in
        its log and in problem documents.
        """
        return self._drive(self._flows.classify(texts), request_id)

    def model(self) -> ModelInfo:
        """Return which model the server serves."""
        return ModelInfo.from_wire(self._drive(self._flows.document("/v1/model"), None))

    def ready(self) -> bool:
        """Return whether the server takes classifications now; False if it is not there."""
        return self._drive(self._flows.ready(), None)

    def _drive(self, flow: Flow[T], request_id: str | None) -> T:
        reply: Reply | None = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(step, Pause):
                self._sleep(step.seconds)
                reply = None
            else:
                reply = self._exchange(step, request_id)

    def _exchange(self, request: Request, request_id: str | None) -> Reply:
        try:
            response = self._http.request(
                request.method,
                request.path,
                content=request.body,
                headers=headers_of(request, request_id),
            )
        except httpx.RequestError as exc:
            return Reply(0, reason=type(exc).__name__)
        return reply_of(response)


def checked_url(base_url: str) -> httpx.URL:
    """Return `base_url` parsed; ValueError unless it is an http or https address."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as exc:
        raise ValueError(f"{base_url!r} is not an address") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{base_url!r} must be like http://127.0.0.1:3000")
    return url


def authorization(key: str | None) -> dict[str, str]:
    """Return the header that shows a bearer key, or none."""
    return {} if key is None else {"authorization": f"Bearer {key}"}


def headers_of(request: Request, request_id: str | None) -> dict[str, str]:
    """Return the headers of one request."""
    headers = {} if request.body is None else {"content-type": "application/json"}
    return headers if request_id is None else {**headers, "x-request-id": request_id}


def reply_of(response: httpx.Response) -> Reply:
    """Return what a flow needs to know of a response."""
    return Reply(response.status_code, response.content, response.headers.get("retry-after"))
