"""Every error that the service raises on purpose.

MoodlineError
+-- InvalidRequestError           the caller sent what cannot be understood
|   +-- UnreadableFileError       an import whose file as a whole cannot be read
|       +-- AmbiguousDatesError   ... unless the caller says which order its dates have
+-- PayloadTooLargeError          more bytes or posts than the service takes
+-- UnsupportedMediaError         a kind of file or body that the service does not read
+-- ConsentRequiredError          the user has not consented to analysis
+-- UnauthorizedError             no API key, or an unknown one
+-- ForbiddenError                the API key does not allow this
+-- NotOwnAccountError            nothing shows that the account is the user's own
+-- NotFoundError                 no such user, analysis or result
+-- ConflictError                 the request contradicts what is already there
|   +-- IdempotencyKeyReusedError an idempotency key that belongs to another request
|   +-- SourceNotConfiguredError  the operator has not set what the source needs
+-- AnalysisFailedError           the analysis that the caller waits for has failed
+-- BusyError                     more work offered than is taken at once
+-- LeaseLostError                another worker owns the analysis now, or it was erased
+-- DependencyError               a service, store or source did not do its part
    +-- RetryableError            ... and may do it if the call is retried
    |   +-- InferenceUnavailableError, StoreUnavailableError
    |   +-- SourceUnavailableError, SourceRateLimitedError
    +-- InferenceRejectedError    the inference server refused what it was sent
    +-- SourceRefusedError        a source refused, and will again; its subclasses say why
        +-- SourceUnauthorisedError, SourceForbiddenError, SourcePaymentRequiredError
        +-- SourceAccountNotFoundError (also a NotFoundError)
        +-- SourceAccountSuspendedError, SourceAccountProtectedError
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.domain.analyses import Problem


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in a request: where (a JSON pointer, row or parameter) and what it is."""

    where: str
    reason: str


class MoodlineError(Exception):
    """Root of every error raised on purpose; detail is written for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequestError(MoodlineError):
    """A request that cannot be understood, with the fields at fault."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class UnreadableFileError(InvalidRequestError):
    """A file that cannot be read as a whole, so that nothing of it was stored."""


class AmbiguousDatesError(UnreadableFileError):
    """A file whose dates may have the day or the month first: the caller can say which.

    Each of `errors` is one such date: where it is, and as the reason both ways to read it, in
    words: "05/02/2023" is 5 February 2023 or 2 May 2023.
    """


class PayloadTooLargeError(MoodlineError):
    """A body, a file or its uncompressed content is larger than the service takes."""


class UnsupportedMediaError(MoodlineError):
    """A kind of body that the service does not read."""


class ConsentRequiredError(MoodlineError):
    """The user has not consented to analysis."""


class UnauthorizedError(MoodlineError):
    """The call needs a known API key."""


class ForbiddenError(MoodlineError):
    """The API key does not allow this; scope is the one that is missing, if that is the reason."""

    def __init__(self, detail: str, scope: str | None = None) -> None:
        super().__init__(detail)
        self.scope = scope


class NotOwnAccountError(MoodlineError):
    """Nothing shows that an account at a source is the user's own."""


class NotFoundError(MoodlineError):
    """There is no such user, analysis or result."""


class ConflictError(MoodlineError):
    """The request contradicts what is already there."""


class IdempotencyKeyReusedError(ConflictError):
    """An idempotency key that was used for another request."""


class SourceNotConfiguredError(ConflictError):
    """A source that is not set up; the detail says what the operator has to set."""


class AnalysisFailedError(MoodlineError):
    """The analysis that the caller waits for has failed; problem is the stored reason."""

    def __init__(self, problem: Problem | None) -> None:
        super().__init__(problem.detail if problem else "The analysis ended without a result.")
        self.problem = problem


class BusyError(MoodlineError):
    """No more work is taken now; retry_after is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class LeaseLostError(MoodlineError):
    """This run no longer owns its analysis, so its writes are refused."""


class DependencyError(MoodlineError):
    """A service, store or source that is needed did not do its part."""


class RetryableError(DependencyError):
    """The same call may succeed if it is retried."""


class InferenceUnavailableError(RetryableError):
    """The inference server could not be reached, timed out or stayed too busy."""


class SourceUnavailableError(RetryableError):
    """A source of posts could not be reached."""


class SourceRateLimitedError(RetryableError):
    """A source takes no more calls until its rate-limit reset, retry_at (aware UTC)."""

    def __init__(self, detail: str, retry_at: datetime) -> None:
        super().__init__(detail)
        self.retry_at = retry_at


class StoreUnavailableError(RetryableError):
    """The store could not be reached or written."""


class InferenceRejectedError(DependencyError):
    """The inference server refused a request or gave an answer that cannot be read."""


class SourceRefusedError(DependencyError):
    """A source refused a call, and would refuse it again."""


class SourceUnauthorisedError(SourceRefusedError):
    """A source does not accept the key or the sign-in (401)."""


class SourceForbiddenError(SourceRefusedError):
    """A source does not let this key or sign-in make the call (403)."""


class SourcePaymentRequiredError(SourceRefusedError):
    """The paid quota at a source is used up (402, or its usage cap)."""


class SourceAccountNotFoundError(SourceRefusedError, NotFoundError):
    """A source has no account of that name (404)."""


class SourceAccountSuspendedError(SourceRefusedError):
    """A source has suspended or closed the account."""


class SourceAccountProtectedError(SourceRefusedError):
    """The account shows its posts only to approved followers."""
