"""What the ways to ask for classifications differ in: the words of a request and an answer.

Everything else (key, limits, admission, deadline, status codes) is the contract's, for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serving.errors import RequestError
from serving.http.asgi import Answer
from serving.http.problems import problem_answer
from serving.schemas import Limits, parse_texts

Words = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what a request asks for: texts, and how their classifications become its answer.

    `worded` takes the JSON array that /v1/classify answers, and may raise RequestErrors.
    """

    texts: Sequence[str]
    worded: Words


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """Hold how one protocol reads a body and words an error.

    `read` raises InvalidRequestError or PayloadTooLargeError. `refusal` takes an error and the
    request's id. `untyped_is_json` says that a body without a Content-Type is taken for JSON.
    """

    read: Callable[[bytes, Limits], Asked]
    refusal: Callable[[RequestError, str], Answer]
    untyped_is_json: bool = False


def read_classify(body: bytes, limits: Limits) -> Asked:
    """Read the body of /v1/classify, whose answer is the array as it is."""
    return Asked(parse_texts(body, limits), worded=bytes)


NATIVE = WireProtocol(read_classify, problem_answer)


def one_line(error: RequestError, texts_at: str) -> str:
    """Return an error as one line, for protocols whose errors are a string.

    Faults in a text point into /texts, where /v1/classify has them; `texts_at` is the place in
    the caller's body.
    """
    faults = [f"{_place(fault.where, texts_at)} {fault.reason}" for fault in error.faults]
    return f"{error.detail} {'; '.join(faults)}".strip()


def _place(where: str, texts_at: str) -> str:
    if where == "/texts" or where.startswith("/texts/"):
        return texts_at + where.removeprefix("/texts")
    return where or "The body"
