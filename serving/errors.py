"""Define every error that this package raises on purpose.

ServingError
+-- SettingsError           an environment variable has a value that cannot be used
+-- AddressTakenError       the address to listen on cannot be had
+-- ModelError              the model folder cannot be served
|   +-- ModelMissing        a file of it is not there
|   +-- ModelCorrupt        a file of it is not what it should be
+-- ClassificationError     a text that could not be classified even by itself
+-- RequestError            answered as problems.py or another protocol words it
    +-- InvalidRequestError     the body is not what the call takes
    +-- KeyRefusedError         no bearer key, or none that is known
    +-- NotFoundError           nothing is served at that path
    +-- MethodNotAllowedError   the path is served, but not with that method
    +-- PayloadTooLargeError    more bytes, texts or characters than the limits
    +-- UnsupportedMediaError   a body that is not `application/json`
    +-- UnexpectedError         a fault of our own; its cause is in the log, not in the answer
    +-- RetryableError          ... the same request may succeed later
        +-- BusyError               too many texts are waiting already
        +-- NotReadyError           the model is not warm yet
        +-- DeadlineExceededError   no answer within the deadline

Messages are for people: what was wrong, where, what to do. None of them quotes a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ServingError(Exception):
    """Be the root of every error raised on purpose."""


class SettingsError(ServingError):
    """Say which environment variable cannot be used, and what it may hold."""


class AddressTakenError(ServingError):
    """Say which address cannot be listened on."""


class ModelError(ServingError):
    """Say in one line why a model folder cannot be served, and what to do."""


class ModelMissing(ModelError):  # noqa: N818 -- it says what is wrong, as it is
    """Say which file of the model folder is not there."""


class ModelCorrupt(ModelError):  # noqa: N818 -- the same
    """Say which file of the model folder is not what it should be."""


class ClassificationError(ServingError):
    """Say which text, by its place in the list, cannot be classified; the cause is chained."""

    def __init__(self, index: int) -> None:
        super().__init__(f"the text at index {index} cannot be classified")
        self.index = index


@dataclass(frozen=True, slots=True)
class Fault:
    """Name one fault in a request: where (a JSON pointer or a header) and what it is."""

    where: str
    reason: str


class RequestError(ServingError):
    """Be the root of what a request is answered with; the detail is written for the caller."""

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)


class InvalidRequestError(RequestError):
    """Say that the body is not what the call takes."""


class KeyRefusedError(RequestError):
    """Say that there is no bearer key, or none that is known; never which of the two."""


class NotFoundError(RequestError):
    """Say that nothing is served at that path."""


class MethodNotAllowedError(RequestError):
    """Say that the path is served, but not with that method."""

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class PayloadTooLargeError(RequestError):
    """Say which limit the body, or a text in it, is over.

    `unread` says that the rest of the body was left where it is, so that the connection cannot
    be used again.
    """

    def __init__(self, detail: str, faults: Sequence[Fault] = (), *, unread: bool = False) -> None:
        super().__init__(detail, faults)
        self.unread = unread


class UnsupportedMediaError(RequestError):
    """Say that the body is not `application/json`."""


class UnexpectedError(RequestError):
    """Say that the fault is ours; never says what it was."""


class RetryableError(RequestError):
    """Be the root of what may go well later: after `retry_after` whole seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class BusyError(RetryableError):
    """Say that too many texts are waiting already."""


class NotReadyError(RetryableError):
    """Say that the model is not warm yet."""


class DeadlineExceededError(RetryableError):
    """Say that there was no answer within the deadline."""
