"""Table of problem kinds (type, status, title) for every error, and RFC 9457 problem documents.

The HTTP error handlers use it, and so does an analysis that failed in the background and stores
its problem.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from api import errors


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem; about is the explanation shown at /problems/{slug}."""

    slug: str
    status: int
    title: str
    about: str


INVALID_REQUEST = ProblemKind(
    "invalid-request", 400, "The request cannot be understood",
    "Something in the address, the headers or the body is not what the call takes. Each item of"
    " `errors` names a place and what is wrong there.",
)  # fmt: skip
UNEXPECTED = ProblemKind(
    "unexpected", 500, "Something went wrong on our side",
    "The service met a fault of its own. Try again; if it stays, report the trace_id.",
)  # fmt: skip

HTTP_KINDS: dict[int, ProblemKind] = {
    kind.status: kind
    for kind in (
        INVALID_REQUEST,
        ProblemKind("key-required", 401, "An API key is needed",
                    "Send it as `Authorization: Bearer PREFIX.SECRET` or as `X-API-Key`. The"
                    " operator creates keys with `python -m api.keys`."),
        ProblemKind("not-found", 404, "There is no such thing",
                    "No page, user, analysis or result stands at this address."),
        ProblemKind("method-not-allowed", 405, "This address does not take that method",
                    "The Allow header of the answer lists the methods that the address takes."),
        ProblemKind("payload-too-large", 413, "Too large",
                    "The body, the file or what is packed in it passes the size that is taken."),
        ProblemKind("unsupported-media", 415, "This kind of file or body is not read",
                    "JSON bodies need `Content-Type: application/json`. GET /v1/import-formats"
                    " lists the files that posts are imported from."),
        ProblemKind("misdirected", 421, "This service does not answer to that host name",
                    "The Host header must be one of ALLOWED_HOSTS. This keeps other web sites from"
                    " reading your posts through your own browser."),
        ProblemKind("busy", 429, "Too much at once",
                    "Wait for the number of seconds in the Retry-After header, then try again."),
        UNEXPECTED,
        ProblemKind("no-room", 503, "There is no room for this now",
                    "The service holds as many bodies of requests as it may, or its disk for"
                    " temporary files is full. Nothing of the request was kept. Wait for the number"
                    " of seconds in the Retry-After header, then send it again."),
    )
}  # fmt: skip
"""The kind of problem for each HTTP status that is not raised as an error of ours."""

CROSS_SITE = ProblemKind(
    "cross-site", 403, "Another web site may not change anything here",
    "A browser sent this request on behalf of another web site. Changes are taken from this"
    " service's own page and from programs.",
)  # fmt: skip

_KINDS: dict[type[Exception], ProblemKind] = {
    errors.AmbiguousDatesError: ProblemKind(
        "ambiguous-dates", 400, "The dates of the file can be read in two ways",
        "Nothing of the file was kept. Its dates may have the day or the month first: `errors`"
        " shows some. Send it again with date_order=day_first or date_order=month_first.",
    ),
    errors.UnreadableFileError: ProblemKind(
        "unreadable-file", 400, "The file cannot be read",
        "Nothing of the file was kept. `detail` says what is wrong with it and where.",
    ),
    errors.InvalidRequestError: INVALID_REQUEST,
    errors.PayloadTooLargeError: HTTP_KINDS[413],
    errors.UnsupportedMediaError: HTTP_KINDS[415],
    errors.ConsentRequiredError: ProblemKind(
        "consent-required", 403, "The user has to agree first",
        "How somebody feels is theirs to know. Posts are read only for the person who wrote them"
        " and only when that person says so: send `\"consent\": true`, or record it with"
        " PUT /v1/users/{user_name}/consent. Withdrawing it erases everything that is held.",
    ),
    errors.UnauthorizedError: HTTP_KINDS[401],
    errors.ForbiddenError: ProblemKind(
        "not-allowed", 403, "The API key does not allow this",
        "A key has scopes (analyse, read, erase, application, admin) and the names of the users"
        " whose data it reaches; one with the scope application or admin reaches everybody's.",
    ),
    errors.NotOwnAccountError: ProblemKind(
        "not-own-account", 403, "This account has not been shown to be yours",
        "Posts are read only for the person who wrote them. Sign in at the source"
        " (GET /v1/sources says where), or have the operator name the account among the own"
        " accounts of that source.",
    ),
    errors.NotFoundError: HTTP_KINDS[404],
    errors.ConflictError: ProblemKind(
        "conflict", 409, "This contradicts what is already there",
        "For example an analysis with an Idempotency-Key while another one of the same user, asked"
        " for differently, is queued or running. Wait for its end or cancel it, then try again.",
    ),
    errors.IdempotencyKeyReusedError: ProblemKind(
        "idempotency-key-reused", 422, "The Idempotency-Key belongs to another request",
        "A key stands for one request of one user, for as long as the analysis that it started is"
        " kept. Send the same request again to get that analysis, or another key.",
    ),
    errors.SourceNotConfiguredError: ProblemKind(
        "source-not-configured", 409, "This source is not set up here",
        "The operator has to set what `detail` names and start the service again. GET /v1/sources"
        " lists the sources that are set up; posts can always be imported from a file.",
    ),
    errors.BusyError: HTTP_KINDS[429],
    errors.InferenceUnavailableError: ProblemKind(
        "inference-unavailable", 503, "The inference server cannot be reached",
        "Posts that were classified are kept. Start the analysis again once the inference server"
        " is back: it goes on where it stopped.",
    ),
    errors.SourceUnavailableError: ProblemKind(
        "source-unavailable", 503, "The source of posts cannot be reached",
        "Start the analysis again later. What earlier analyses fetched is kept.",
    ),
    errors.SourceRateLimitedError: ProblemKind(
        "source-rate-limited", 503, "The source takes no more calls for now",
        "A source allows so many calls in a span of time. An analysis that meets this goes on by"
        " itself, and waits for a day at most; one that failed with it can be started again later.",
    ),
    errors.SourceUnauthorisedError: ProblemKind(
        "source-unauthorised", 502, "The source does not accept the key or the sign-in",
        "If you signed in at the source, sign in again: the permission ended or was taken back."
        " Otherwise the operator has to renew the key of that source.",
    ),
    errors.SourceForbiddenError: ProblemKind(
        "source-forbidden", 502, "The source does not allow this call",
        "The operator has to give the app more access at the source: its plan, its project or its"
        " permissions do not include reading posts.",
    ),
    errors.SourcePaymentRequiredError: ProblemKind(
        "source-payment-required", 502, "The paid reads at the source are used up",
        "The operator has to add credits or raise the spending cap at the source. Until then,"
        " import posts from a file.",
    ),
    errors.SourceAccountNotFoundError: ProblemKind(
        "source-account-not-found", 404, "The source has no account of that name",
        "Check the spelling of the account, and whether it was renamed or closed.",
    ),
    errors.SourceAccountSuspendedError: ProblemKind(
        "source-account-suspended", 403, "The source has suspended or closed this account",
        "Posts of a suspended account are not given out. If it is yours, ask the source about it;"
        " an archive that you have can still be imported.",
    ),
    errors.SourceAccountProtectedError: ProblemKind(
        "source-account-protected", 403, "The posts of this account are protected",
        "Only people whom the account lets in may read it. If it is yours, sign in at the source"
        " (GET /v1/sources says where), or import your archive.",
    ),
    errors.SourceRefusedError: ProblemKind(
        "source-refused", 502, "The source refused the call",
        "Repeating it would change nothing. The log of the service has the status; the source may"
        " have changed its interface.",
    ),
    errors.StoreUnavailableError: ProblemKind(
        "store-unavailable", 503, "The store cannot be reached",
        "The service cannot read or write its data right now. Try again shortly.",
    ),
    errors.InferenceRejectedError: ProblemKind(
        "inference-rejected", 502, "The inference server gave no usable answer",
        "The inference server refused a request or answered what cannot be read; most often it is"
        " another version than this service expects.",
    ),
    errors.DependencyError: ProblemKind(
        "dependency-failed", 502, "Something the service needs did not do its part",
        "Try again later; if it stays, report the trace_id.",
    ),
    errors.MoodlineError: UNEXPECTED,
}  # fmt: skip


def kind_of_error(error: Exception) -> ProblemKind:
    """Return the problem kind of an error's class, or of its nearest base class in the table.

    An error that is not raised on purpose is UNEXPECTED.
    """
    return next((_KINDS[c] for c in type(error).__mro__ if c in _KINDS), UNEXPECTED)


def kind_of_status(status: int) -> ProblemKind:
    """Return the problem kind of a bare HTTP error status."""
    return HTTP_KINDS.get(status, INVALID_REQUEST if status < 500 else UNEXPECTED)


def all_kinds() -> dict[str, ProblemKind]:
    """Return every problem kind by its slug."""
    return {kind.slug: kind for kind in (*HTTP_KINDS.values(), CROSS_SITE, *_KINDS.values())}


def problem_document(
    kind: ProblemKind,
    detail: str,
    trace_id: str | None,
    faults: Sequence[errors.FieldError] = (),
    status: int | None = None,
) -> dict[str, Any]:
    """Return a problem document (RFC 9457) as JSON values; status defaults to the kind's own."""
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status if status is None else status,
        "detail": detail,
        "trace_id": trace_id,
        "errors": [asdict(fault) for fault in faults],
    }
