"""Errors that a caller of the inference server has to expect.

InferenceError
+-- InferenceRejectedError      the server refuses this request, and would again
+-- InferenceAnswerError        an answer that the contract does not know
+-- InferenceRetryableError     the same request may succeed later
    +-- InferenceUnreachableError   no connection, or no answer within the timeouts
    +-- InferenceBusyError          the server is full, not ready, or missed its deadline

The client has tried again, within its policy, before it raises a retryable one.
"""

from collections.abc import Sequence

from serving.errors import Fault


class InferenceError(Exception):
    """Root of every error of the client."""


class InferenceRejectedError(InferenceError):
    """The server refuses the request: its status, problem type and detail.

    `faults` point into the list of texts that the caller passed, not into one request of it.
    """

    def __init__(
        self, status: int, problem_type: str, detail: str, faults: Sequence[Fault]
    ) -> None:
        shown = "".join(f"; {fault.where}: {fault.reason}" for fault in faults)
        super().__init__(f"the inference server answered {status}: {detail}{shown}")
        self.status = status
        self.problem_type = problem_type
        self.detail = detail
        self.faults = tuple(faults)


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
