"""What a client of the inference server does, without I/O: requests, answers, retries.

Each call is a flow, a generator: it yields requests to send and pauses to make (in seconds),
receives the answer to a request or the error that came instead, and returns its result. The
blocking and the asyncio client drive the same flows.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from serving.client.errors import (
    InferenceAnswerError,
    InferenceBusyError,
    InferenceError,
    InferenceRejectedError,
    InferenceRetryableError,
    InferenceUnreachableError,
)
from serving.errors import Fault
from serving.schemas import Classification, Limits, LongTexts

_BUSY = frozenset({429, 502, 503, 504})
_POINTER = "/texts/"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a flow asks for."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


T = TypeVar("T")
Pause = float
Reply = httpx.Response | httpx.RequestError
Flow = Generator[Request | Pause, Reply | None, T]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried, and how long one call may pause in total.

    A pause is what the server asks for, or else doubles from `first_pause`; up to `jitter` of
    it is added at random, so that clients that failed together do not return together.
    """

    attempts: int = 5
    first_pause: float = 0.2
    longest_pause: float = 10.0
    pause_budget: float = 60.0
    jitter: float = 0.25

    def pause(self, attempt: int, retry_after: float | None, chance: float) -> float:
        """Return the seconds to pause after attempt 1, 2, ...; `chance` is from 0 to 1."""
        doubled = min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1))
        asked = doubled if retry_after is None else retry_after
        return asked * (1.0 + self.jitter * chance)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model that a server serves; `accuracy` is as measured, by data set."""

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


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows of a client; `chance` returns a random number from 0 to 1.

    A flow raises InferenceError's children out of its `send`.
    """

    limits: Limits
    policy: RetryPolicy
    chance: Callable[[], float]

    def classify(
        self, texts: Sequence[str], request_id: str | None, long_texts: LongTexts
    ) -> Flow[list[Classification]]:
        """Classify any number of texts, in as many requests as the limits ask for."""
        results: list[Classification] = []
        pauses = _Pauses(self.policy, self.chance)
        headers = {"content-type": "application/json"}
        if request_id is not None:
            headers["x-request-id"] = request_id
        waiting = deque(split_texts(texts, self.limits, long_texts))
        while waiting:
            parts = waiting.popleft()
            request = Request("POST", "/v1/classify", request_body(parts, long_texts), headers)
            try:
                answer = yield from _retry(request, pauses)
            except InferenceRejectedError as error:
                if len(parts) > 1 and _has_too_many_windows(error, long_texts):
                    half = len(parts) // 2
                    waiting.extendleft((parts[half:], parts[:half]))
                    continue
                raise _shifted(error, len(results)) from None
            results.extend(_classifications(answer, len(parts)))
        return results

    def model(self) -> Flow[ModelInfo]:
        """Ask which model the server serves."""
        answer = yield from _retry(Request("GET", "/v1/model"), _Pauses(self.policy, self.chance))
        document = _read_json(answer)
        if not isinstance(document, dict):
            raise InferenceAnswerError("the answer to /v1/model is not a JSON object")
        return ModelInfo.from_wire(document)

    def ready(self) -> Flow[bool]:
        """Ask once whether the server takes classifications now."""
        reply = yield Request("GET", "/readyz")
        return isinstance(reply, httpx.Response) and reply.status_code == httpx.codes.OK


class _Pauses:
    """Pause budget of one call."""

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        self._policy = policy
        self._chance = chance
        self._left = policy.pause_budget

    def take(self, attempt: int, retry_after: float | None) -> Pause | None:
        """Return the next pause, or None when the attempts or the budget are used up."""
        if attempt >= self._policy.attempts:
            return None
        seconds = self._policy.pause(attempt, retry_after, self._chance())
        if seconds > self._left:
            return None
        self._left -= seconds
        return seconds


def _retry(request: Request, pauses: _Pauses) -> Flow[bytes]:
    """Send a request until it succeeds, is refused for good, or the policy ends it."""
    attempt = 1
    while True:
        reply = yield request
        assert reply is not None  # noqa: S101 -- only a pause has no reply
        if isinstance(reply, httpx.Response) and reply.status_code == httpx.codes.OK:
            return reply.content
        error = _error_of(reply)
        if not isinstance(error, InferenceRetryableError):
            raise error
        pause = pauses.take(attempt, error.retry_after)
        if pause is None:
            raise error
        yield pause
        attempt += 1


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


def _error_of(reply: Reply) -> InferenceError:
    """Return the error that a reply other than 200 stands for."""
    if isinstance(reply, httpx.RequestError):
        reason = type(reply).__name__
        return InferenceUnreachableError(f"the inference server cannot be reached: {reason}")
    status = reply.status_code
    if status in _BUSY:
        asked = reply.headers.get("retry-after", "")
        # Its other form, a date, is not in the contract.
        seconds = float(asked) if asked.isascii() and asked.isdecimal() else None
        message = f"the inference server asks to come back later (status {status})"
        return InferenceBusyError(message, seconds)
    try:
        document = json.loads(reply.content)
        faults = [Fault(str(item["where"]), str(item["reason"])) for item in document["errors"]]
        problem_type, detail = str(document["type"]), str(document["detail"])
    except (ValueError, KeyError, TypeError):
        return InferenceAnswerError(f"status {status} without a problem document")
    return InferenceRejectedError(status, problem_type, detail, faults)


def _shifted(error: InferenceRejectedError, texts: int) -> InferenceRejectedError:
    """Return the error with faults that point into the caller's list, `texts` further on."""
    faults = [
        Fault(f"{_POINTER}{int(index) + texts}", fault.reason)
        if (index := fault.where.removeprefix(_POINTER)).isdecimal()
        else fault
        for fault in error.faults
    ]
    return InferenceRejectedError(error.status, error.problem_type, error.detail, faults)


def _classifications(body: bytes, count: int) -> list[Classification]:
    """Return the `count` classifications in an answer; InferenceAnswerError if it has others."""
    items = _read_json(body)
    if not isinstance(items, list) or len(items) != count:
        raise InferenceAnswerError(f"the answer does not hold {count} classifications")
    try:
        return [Classification.from_wire(item) for item in items]
    except ValueError as exc:
        raise InferenceAnswerError(str(exc)) from exc


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        raise InferenceAnswerError("the answer is not JSON") from exc
