"""Errors that a caller of the inference server has to expect.

InferenceError
+-- InferenceRejectedError      the server refuses this request, and would again
+-- InferenceAnswerError        an answer that the contract does not know
+-- InferenceRetryableError     the same request may succeed later
    +-- InferenceUnreachableError   no connection, or no whole answer in time
    +-- InferenceBusyError          the server is full, not ready, or missed its deadline
    +-- InferenceFailedError        the server met a fault of its own

The client has tried again, within its policy, before it raises a retryable one.
"""

from collections.abc import Sequence

from serving.errors import Fault

_LONGEST_TEXT = 300
_LONGEST_PLACE = 100
_MOST_FAULTS = 20


class InferenceError(Exception):
    """Root of every error of the client."""


class InferenceRejectedError(InferenceError):
    """The server refuses the request: its status, problem type and detail.

    `faults` point into the list of texts that the caller passed, not into one request of it. What
    the server says ends in logs and on screens, so of each text only the start is kept, without
    control characters, and of the faults the first.
    """

    def __init__(
        self, status: int, problem_type: str, detail: str, faults: Sequence[Fault]
    ) -> None:
        self.status = status
        self.problem_type = _shown(problem_type, _LONGEST_PLACE)
        self.detail = _shown(detail, _LONGEST_TEXT)
        self.faults = tuple(
            Fault(_shown(fault.where, _LONGEST_PLACE), _shown(fault.reason, _LONGEST_TEXT))
            for fault in faults[:_MOST_FAULTS]
        )
        shown = "".join(f"; {fault.where}: {fault.reason}" for fault in self.faults)
        super().__init__(f"the inference server answered {status}: {self.detail}{shown}")


class InferenceAnswerError(InferenceError):
    """An answer is not what the contract promises."""


class InferenceRetryableError(InferenceError):
    """Root of what may succeed later; `retry_after` is in seconds, None where unknown."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InferenceUnreachableError(InferenceRetryableError):
    """The server could not be reached, or did not answer in time."""


class InferenceBusyError(InferenceRetryableError):
    """The server is full, not ready, or missed its deadline."""


class InferenceFailedError(InferenceRetryableError):
    """The server met a fault of its own (status 500)."""


def _shown(text: str, longest: int) -> str:
    start = text[:longest] + ("..." if len(text) > longest else "")
    return "".join(character if character.isprintable() else " " for character in start)
