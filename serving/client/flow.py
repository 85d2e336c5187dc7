"""What a client of the inference server does, without doing it: no connection and no clock.

A flow is a generator. It yields requests to make and pauses to take, is sent what came of them,
and returns its result; so the blocking and the asyncio client share every rule.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from serving.client.errors import (
    InferenceAnswerError,
    InferenceRejectedError,
    InferenceRetryableError,
)
from serving.client.wire import (
    Reply,
    Request,
    classifications,
    error_of,
    moved,
    read_json,
    split_texts,
)
from serving.schemas import Classification, Limits


@dataclass(frozen=True, slots=True)
class Pause:
    """Ask for a pause, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Say how often to try a request, and how long to pause in one call altogether.

    A pause is what the server asks for, or else doubles from `first_pause`; up to `jitter` of
    it is added at random, so that clients who failed together do not return together.
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


T = TypeVar("T")
Flow = Generator[Request | Pause, Reply | None, T]


@dataclass(frozen=True, slots=True)
class Flows:
    """Make the flows of a client; `chance` returns a random number from 0 to 1.

    A flow raises InferenceError's children out of its `send`.
    """

    limits: Limits
    policy: RetryPolicy
    chance: Callable[[], float]

    def classify(self, texts: Sequence[str]) -> Flow[list[Classification]]:
        """Classify any number of texts, in as many requests as the limits ask for."""
        results: list[Classification] = []
        pauses = _Pauses(self.policy, self.chance)
        for body, count in split_texts(texts, self.limits):
            try:
                answer = yield from _insist(Request("POST", "/v1/classify", body), pauses)
            except InferenceRejectedError as error:
                raise moved(error, len(results)) from None
            results.extend(classifications(answer, count))
        return results

    def document(self, path: str) -> Flow[dict[str, Any]]:
        """Get the JSON object that is served at `path`."""
        answer = yield from _insist(Request("GET", path), _Pauses(self.policy, self.chance))
        document = read_json(answer)
        if not isinstance(document, dict):
            raise InferenceAnswerError(f"the answer to {path} is not a JSON object")
        return document

    def ready(self) -> Flow[bool]:
        """Ask once whether the server takes classifications now."""
        reply = yield Request("GET", "/readyz")
        return reply is not None and reply.status == 200


class _Pauses:
    """Keep the budget of pauses of one call."""

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        self.policy = policy
        self._chance = chance
        self._left = policy.pause_budget

    def take(self, attempt: int, retry_after: float | None) -> Pause | None:
        """Return the next pause, or None when the tries or the budget are used up."""
        if attempt >= self.policy.attempts:
            return None
        seconds = self.policy.pause(attempt, retry_after, self._chance())
        if seconds > self._left:
            return None
        self._left -= seconds
        return Pause(seconds)


def _insist(request: Request, pauses: _Pauses) -> Flow[bytes]:
    """Make a request until it succeeds, is refused for good, or the policy says stop."""
    attempt = 1
    while True:
        reply = (yield request) or Reply(0, reason="nothing came of it")
        if reply.status == 200:
            return reply.body
        error = error_of(reply)
        if not isinstance(error, InferenceRetryableError):
            raise error
        pause = pauses.take(attempt, error.retry_after)
        if pause is None:
            raise error
        yield pause
        attempt += 1
