"""Every error that this package raises on purpose.

ServingError
+-- SettingsError           an environment variable has a value that cannot be used
+-- AddressTakenError       the address to listen on cannot be had
+-- ModelError              the model folder cannot be served
|   +-- ModelMissing        a file of it is missing
|   +-- ModelCorrupt        a file of it has other contents than it should
+-- ClassificationError     a text that could not be classified even by itself
+-- RequestError            answered as problems.py or another wire format words it
    +-- InvalidRequestError     the body is not what the call takes
    +-- KeyRefusedError         no bearer key, or none that is known
    +-- NotFoundError           nothing is served at that path
    +-- MethodNotAllowedError   the path is served, but not with that method
    +-- PayloadTooLargeError    more bytes, texts or characters than the limits
    +-- UnsupportedMediaError   a body that is not JSON in UTF-8, or is packed otherwise
    +-- UnexpectedError         a fault of our own; its cause is in the log, not in the answer
    +-- RetryableError          ... the same request may succeed later
        +-- BusyError               too many texts are queued already
        +-- NotReadyError           the model is not warm yet
        +-- DeadlineExceededError   no answer within the deadline

Messages are for people: what was wrong, where, what to do. None of them quotes a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ServingError(Exception):
    """Root of every error raised on purpose."""


class SettingsError(ServingError):
    """Environment variables that cannot be used, one per line, and what they may hold."""


class AddressTakenError(ServingError):
    """An address that cannot be listened on."""


class ModelError(ServingError):
    """A model folder that cannot be served: in one line why, and what to do."""


class ModelMissing(ModelError):  # noqa: N818 -- it says what is wrong
    """A file of the model folder that is missing."""


class ModelCorrupt(ModelError):  # noqa: N818 -- the same
    """A file of the model folder with other contents than it should have."""


class ClassificationError(ServingError):
    """A text, by its index in the list, that cannot be classified; the cause is chained."""

    def __init__(self, index: int) -> None:
        super().__init__(f"the text at index {index} cannot be classified")
        self.index = index


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a request: where (a JSON pointer or a header) and what it is."""

    where: str
    reason: str


class RequestError(ServingError):
    """Root of what a request is answered with; the detail is written for the caller."""

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)


class InvalidRequestError(RequestError):
    """The body is not what the call takes."""


class KeyRefusedError(RequestError):
    """No bearer key, or none that is known; never which of the two."""


class NotFoundError(RequestError):
    """Nothing is served at that path."""


class MethodNotAllowedError(RequestError):
    """The path is served, but not with that method."""

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class PayloadTooLargeError(RequestError):
    """The body, or a text in it, is over a limit.

    `unread` is true if the rest of the body was not read, so that the connection cannot be used
    again.
    """

    def __init__(self, detail: str, faults: Sequence[Fault] = (), *, unread: bool = False) -> None:
        super().__init__(detail, faults)
        self.unread = unread


class UnsupportedMediaError(RequestError):
    """The body is not JSON in UTF-8, or is packed in a way that is not read."""


class UnexpectedError(RequestError):
    """A fault of our own; the detail never says which."""


class RetryableError(RequestError):
    """Root of what may succeed later: after `retry_after` whole seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class BusyError(RetryableError):
    """Too many texts are queued already."""


class NotReadyError(RetryableError):
    """The model is not warm yet."""


class DeadlineExceededError(RetryableError):
    """There was no answer within the deadline."""
