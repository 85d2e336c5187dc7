"""What a client of the inference server does, without I/O: requests, answers, retries.

Each call is a flow, a generator: it yields requests to send and pauses to make (in seconds),
receives the answer to a request or the error that came instead, and returns its result. The
blocking and the asyncio client drive the same flows.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import httpx

from serving.client.answers import (
    Answer,
    ModelInfo,
    classifications_of,
    error_of,
    read_json,
    shifted,
)
from serving.client.errors import (
    InferenceError,
    InferenceRejectedError,
    InferenceRetryableError,
)
from serving.schemas import Classification, Limits, LongTexts


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a flow asks for, and the seconds until its whole answer has to be there."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


T = TypeVar("T")
Pause = float
Reply = Answer | InferenceError
Flow = Generator[Request | Pause, Reply | None, T]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried, and how many seconds one call may lose to that.

    A pause is what the server asks for, or else doubles from `first_pause`; up to `jitter` of
    it is added at random, so that clients that failed together do not return together. All
    requests of a call share `pause_budget`, for the pauses, and `budget`, for the pauses and the
    attempts that failed.
    """

    attempts: int = 5
    first_pause: float = 0.2
    longest_pause: float = 10.0
    pause_budget: float = 60.0
    budget: float = 120.0
    jitter: float = 0.25

    def pause(self, attempt: int, retry_after: float | None, chance: float) -> float:
        """Return the seconds to pause after attempt 1, 2, ...; `chance` is from 0 to 1."""
        doubled = min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1))
        asked = doubled if retry_after is None else retry_after
        return asked * (1.0 + self.jitter * chance)


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows of a client; `chance` returns a random number from 0 to 1, `clock` seconds.

    A request may take `seconds`, from its first byte to the last of its answer. A flow raises
    InferenceError's children out of its `send`.
    """

    limits: Limits
    policy: RetryPolicy
    seconds: float
    chance: Callable[[], float]
    clock: Callable[[], float] = time.monotonic

    def classify(
        self, texts: Sequence[str], request_id: str | None, long_texts: LongTexts
    ) -> Flow[list[Classification]]:
        """Classify any number of texts, in as many requests as the limits ask for."""
        results: list[Classification] = []
        attempts = _Attempts(self)
        headers = {"content-type": "application/json"}
        if request_id is not None:
            headers["x-request-id"] = request_id
        waiting = deque(split_texts(texts, self.limits, long_texts))
        while waiting:
            parts = waiting.popleft()
            request = Request("POST", "/v1/classify", request_body(parts, long_texts), headers)
            try:
                answer = yield from attempts.send(request)
            except InferenceRejectedError as error:
                if len(parts) > 1 and _has_too_many_windows(error, long_texts):
                    half = len(parts) // 2
                    waiting.extendleft((parts[half:], parts[:half]))
                    continue
                raise shifted(error, len(results)) from None
            results.extend(classifications_of(answer, len(parts)))
        return results

    def model(self) -> Flow[ModelInfo]:
        """Ask which model the server serves."""
        answer = yield from _Attempts(self).send(Request("GET", "/v1/model"))
        return ModelInfo.from_wire(read_json(answer.body))

    def ready(self) -> Flow[bool]:
        """Ask once whether the server takes classifications now."""
        reply = yield Request("GET", "/readyz", seconds=self.seconds)
        return isinstance(reply, Answer) and reply.status == httpx.codes.OK


class _Attempts:
    """Attempts of all requests of one call, with the budgets that they share."""

    def __init__(self, flows: Flows) -> None:
        self._policy = flows.policy
        self._seconds = flows.seconds
        self._chance = flows.chance
        self._clock = flows.clock
        self._pauses_left = flows.policy.pause_budget
        self._left = flows.policy.budget

    def send(self, request: Request) -> Flow[Answer]:
        """Send a request until it succeeds, is refused for good, or the policy ends it."""
        attempt = 1
        while True:
            started = self._clock()
            reply = yield replace(request, seconds=min(self._seconds, self._left))
            assert reply is not None  # noqa: S101 -- only a pause has no reply
            if isinstance(reply, Answer):
                if reply.status == httpx.codes.OK:
                    return reply
                error = error_of(reply)
            else:
                error = reply
            self._left -= self._clock() - started
            pause = self._next_pause(attempt, error) if _may_pass(error) else None
            if pause is None:
                raise error
            yield pause
            attempt += 1

    def _next_pause(self, attempt: int, error: InferenceError) -> Pause | None:
        """Return the next pause, or None when the attempts or a budget are used up."""
        if attempt >= self._policy.attempts:
            return None
        asked = error.retry_after if isinstance(error, InferenceRetryableError) else None
        seconds = self._policy.pause(attempt, asked, self._chance())
        if seconds > self._pauses_left or seconds >= self._left:
            return None
        self._pauses_left -= seconds
        self._left -= seconds
        return seconds


def _may_pass(error: InferenceError) -> bool:
    """Return whether the same request may be answered otherwise a moment later.

    That includes a fault of its own (500), even if it names a text: memory may have been short.
    """
    if isinstance(error, InferenceRejectedError):
        return error.status == httpx.codes.INTERNAL_SERVER_ERROR
    return isinstance(error, InferenceRetryableError)


def split_texts(
    texts: Sequence[str], limits: Limits, long_texts: LongTexts
) -> Iterator[list[bytes]]:
    """Yield the texts of requests within the limits, each text as JSON.

    Halves of surrogate pairs, which UTF-8 cannot encode, are left out as the server does.
    """
    parts: list[bytes] = []
    frame = len(request_body([], long_texts))
    size = frame
    for text in texts:
        part = json.dumps(text, ensure_ascii=False).encode("utf-8", "ignore")
        over = size + len(part) + 1 > limits.body_bytes
        if parts and (over or len(parts) == limits.texts):
            yield parts
            parts, size = [], frame
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield parts


def request_body(parts: Sequence[bytes], long_texts: LongTexts) -> bytes:
    """Return a request's body; without the option where it is the default, for older servers."""
    option = b"" if long_texts == "truncate" else b', "long_texts": "%b"' % long_texts.encode()
    return b'{"texts": [%b]%b}' % (b",".join(parts), option)


def _has_too_many_windows(error: InferenceRejectedError, long_texts: LongTexts) -> bool:
    """Return whether fewer texts at a time would do: only the server knows a text's windows."""
    where = [fault.where for fault in error.faults]
    too_large = error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    return too_large and long_texts == "window" and where == ["/texts"]
