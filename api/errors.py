"""Define every error that the service raises on purpose.

MoodlineError
+-- InvalidRequestError           the caller sent what cannot be understood
|   +-- UnreadableFileError       an import whose file as a whole is not what it should be
+-- PayloadTooLargeError          more bytes or posts than the service takes
+-- UnsupportedMediaError         a kind of file or body that the service does not read
+-- ConsentRequiredError          nobody is analysed without saying so
+-- UnauthorizedError             no API key, or none that is known
+-- ForbiddenError                the API key does not allow this
+-- NotOwnAccountError            posts of an account that nobody has shown to be the user's
+-- NotFoundError                 no such user, analysis or result
+-- ConflictError                 the request contradicts what is already there
|   +-- SourceNotConfiguredError  the operator has not set what the source needs
+-- AnalysisFailedError           the analysis that the caller waits for has failed
+-- BusyError                     more work offered than is taken at once
+-- LeaseLostError                another worker owns the analysis now, or it was erased
+-- DependencyError               something the service needs did not do its part
    +-- RetryableError            ... and may do it later
    |   +-- InferenceUnavailableError
    |   +-- SourceUnavailableError
    |   +-- SourceRateLimitedError
    |   +-- StoreUnavailableError
    +-- InferenceRejectedError    the inference server refused what it was sent
    +-- SourceRefusedError        a source refused, and will again: the classes below say why
        +-- SourceUnauthorisedError, SourceForbiddenError, SourcePaymentRequiredError
        +-- SourceAccountNotFoundError (also a NotFoundError)
        +-- SourceAccountSuspendedError, SourceAccountProtectedError
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.domain.analyses import Problem


@dataclass(frozen=True, slots=True)
class FieldError:
    """Name one fault in a request: where (a JSON pointer, row or parameter) and what it is."""

    where: str
    reason: str


class MoodlineError(Exception):
    """Be the root of every error raised on purpose; detail is written for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequestError(MoodlineError):
    """Say that a request cannot be understood, and which of its fields are at fault."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class UnreadableFileError(InvalidRequestError):
    """Say that a file as a whole cannot be read, so that nothing of it was kept."""


class PayloadTooLargeError(MoodlineError):
    """Say that a body, a file or what is packed in it is larger than the service takes."""


class UnsupportedMediaError(MoodlineError):
    """Say that the service does not read this kind of body."""


class ConsentRequiredError(MoodlineError):
    """Say that the user has not agreed to be analysed."""


class UnauthorizedError(MoodlineError):
    """Say that the call needs an API key that is known."""


class ForbiddenError(MoodlineError):
    """Say that the API key does not allow this; scope is the one that is needed, if it is that."""

    def __init__(self, detail: str, scope: str | None = None) -> None:
        super().__init__(detail)
        self.scope = scope


class NotOwnAccountError(MoodlineError):
    """Say that nothing shows that an account at a source is the user's own."""


class NotFoundError(MoodlineError):
    """Say that there is no such user, analysis or result."""


class ConflictError(MoodlineError):
    """Say that the request contradicts what is already there."""


class SourceNotConfiguredError(ConflictError):
    """Say that a source is known but not set up, and what the operator has to set."""


class AnalysisFailedError(MoodlineError):
    """Say that the analysis that the caller waits for has failed; problem is the one it kept."""

    def __init__(self, problem: Problem | None) -> None:
        super().__init__(problem.detail if problem else "The analysis ended without a result.")
        self.problem = problem


class BusyError(MoodlineError):
    """Say that no more work is taken now; retry_after is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class LeaseLostError(MoodlineError):
    """Say that this run no longer owns its analysis: nothing it writes counts."""


class DependencyError(MoodlineError):
    """Say that a service, store or source that is needed did not do its part."""


class RetryableError(DependencyError):
    """Say that the same call may succeed later."""


class InferenceUnavailableError(RetryableError):
    """Say that the inference server could not be reached, timed out or stayed too busy."""


class SourceUnavailableError(RetryableError):
    """Say that a source of posts could not be reached."""


class SourceRateLimitedError(RetryableError):
    """Say that a source takes no more calls until retry_at (aware UTC)."""

    def __init__(self, detail: str, retry_at: datetime) -> None:
        super().__init__(detail)
        self.retry_at = retry_at


class StoreUnavailableError(RetryableError):
    """Say that the store could not be reached or written."""


class InferenceRejectedError(DependencyError):
    """Say that the inference server refused a request or gave an answer that cannot be read."""


class SourceRefusedError(DependencyError):
    """Say that a source refused a call for good: repeating it would change nothing."""


class SourceUnauthorisedError(SourceRefusedError):
    """Say that a source does not know the key or the sign-in that it was shown (401)."""


class SourceForbiddenError(SourceRefusedError):
    """Say that a source does not let this key or sign-in make the call (403)."""


class SourcePaymentRequiredError(SourceRefusedError):
    """Say that what was paid for at a source is used up (402, or its usage cap)."""


class SourceAccountNotFoundError(SourceRefusedError, NotFoundError):
    """Say that a source has no account of that name (404)."""


class SourceAccountSuspendedError(SourceRefusedError):
    """Say that a source has suspended or closed the account."""


class SourceAccountProtectedError(SourceRefusedError):
    """Say that the account shows its posts only to people whom it lets in."""
