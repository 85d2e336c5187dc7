"""Reading of the server's answers: nothing in them is trusted to be what the contract promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.client.errors import (
    InferenceAnswerError,
    InferenceBusyError,
    InferenceError,
    InferenceFailedError,
    InferenceRejectedError,
)
from serving.errors import Fault
from serving.schemas import Classification, Limits

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""The most bytes of an answer: 16 KiB for each of the 256 texts of a request, which take 200."""

_BUSY = frozenset({429, 502, 503, 504})
_FAILED = 500
_POINTER = "/texts/"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its status, its Retry-After header ("" without one) and its body."""

    status: int
    retry_after: str
    body: bytes


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
    def from_wire(cls, document: Any) -> ModelInfo:
        """Read what /v1/model answers; InferenceAnswerError when it is something else."""
        try:
            limits = document["limits"]
            info = cls(
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
        except (KeyError, TypeError, ValueError, OverflowError) as exc:
            raise InferenceAnswerError("the answer does not describe a model") from exc
        if not all(map(_is_name, (info.name, info.version))):
            raise InferenceAnswerError(
                f"the model's name or version is not 1 to {_LONGEST_NAME} printable characters"
            )
        return info


def classifications_of(answer: Answer, count: int) -> list[Classification]:
    """Return the `count` classifications in an answer; InferenceAnswerError if it has others."""
    items = read_json(answer.body)
    if not isinstance(items, list):
        raise InferenceAnswerError("the answer is not a list of classifications")
    if len(items) != count:
        raise InferenceAnswerError(
            f"the answer holds {len(items)} classifications instead of {count}"
        )
    try:
        return [Classification.from_wire(item) for item in items]
    except ValueError as exc:
        raise InferenceAnswerError(str(exc)) from exc


def error_of(answer: Answer) -> InferenceError:
    """Return the error that an answer other than 200 stands for."""
    status = answer.status
    if status in _BUSY:
        message = f"the inference server asks to come back later (status {status})"
        return InferenceBusyError(message, _seconds(answer.retry_after))
    try:
        document = read_json(answer.body)
        faults = [Fault(str(item["where"]), str(item["reason"])) for item in document["errors"]]
        problem_type, detail = str(document["type"]), str(document["detail"])
    except (InferenceAnswerError, KeyError, TypeError):
        if status == _FAILED:
            return InferenceFailedError("the inference server met a fault of its own (status 500)")
        return InferenceAnswerError(f"status {status} without a problem document")
    rejected = InferenceRejectedError(status, problem_type, detail, faults)
    if status == _FAILED and not faults:
        return InferenceFailedError(str(rejected))
    return rejected


def shifted(error: InferenceRejectedError, texts: int) -> InferenceRejectedError:
    """Return the error with faults that point into the caller's list, `texts` further on."""
    faults = [
        Fault(f"{_POINTER}{int(index) + texts}", fault.reason)
        if (index := fault.where.removeprefix(_POINTER)).isdecimal()
        else fault
        for fault in error.faults
    ]
    return InferenceRejectedError(error.status, error.problem_type, error.detail, faults)


def read_json(body: bytes) -> Any:
    """Return the JSON value in a body; InferenceAnswerError where it holds none, or NaN."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise InferenceAnswerError("the answer is not JSON") from exc


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _seconds(retry_after: str) -> float | None:
    # Its other form, a date, is not in the contract.
    digits = retry_after.isascii() and retry_after.isdecimal()
    return float(retry_after) if digits else None


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()
