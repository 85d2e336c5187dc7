"""Give every error its one place in the outside world: a stable type, a status and a title.

The table serves two readers: the HTTP error handlers, and an analysis that failed in the
background and keeps its problem. Problem documents follow RFC 9457.
"""

from __future__ import annotations

from dataclasses import dataclass

from api import errors


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Describe a kind of problem; about is shown to people at /problems/{slug}."""

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
                    "Send it as `Authorization: Bearer PREFIX.SECRET` or as `X-API-Key`. Whoever"
                    " runs the service makes keys with `python -m api.keys`."),
        ProblemKind("not-found", 404, "There is no such thing",
                    "No page, user, analysis or result stands at this address."),
        ProblemKind("method-not-allowed", 405, "This address does not take that method",
                    "The Allow header of the answer lists the methods that the address takes."),
        ProblemKind("payload-too-large", 413, "Too large",
                    "The body, the file or what is packed in it passes the size that is taken."),
        ProblemKind("unsupported-media", 415, "This kind of file or body is not read",
                    "JSON bodies need `Content-Type: application/json`. Posts are imported from"
                    " an X archive (zip or tweets.js), JSON lines or CSV."),
        ProblemKind("misdirected", 421, "This service does not answer to that host name",
                    "The Host header must be one of ALLOWED_HOSTS. This keeps other web sites from"
                    " reading your posts through your own browser."),
        ProblemKind("busy", 429, "Too much at once",
                    "Wait for the number of seconds in the Retry-After header, then try again."),
        UNEXPECTED,
    )
}  # fmt: skip
"""The kinds that a bare HTTP status stands for."""

CROSS_SITE = ProblemKind(
    "cross-site", 403, "Another web site may not change anything here",
    "A browser sent this request on behalf of another web site. Changes are taken from this"
    " service's own page and from programs.",
)  # fmt: skip

_KINDS: dict[type[Exception], ProblemKind] = {
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
        "A key has scopes (analyse, read, erase, admin) and the names of the users whose data it"
        " reaches; one with the scope admin reaches everybody's.",
    ),
    errors.NotFoundError: HTTP_KINDS[404],
    errors.ConflictError: ProblemKind(
        "conflict", 409, "This contradicts what is already there",
        "For example an Idempotency-Key that was used before for a different request.",
    ),
    errors.BusyError: HTTP_KINDS[429],
    errors.InferenceUnavailableError: ProblemKind(
        "inference-unavailable", 503, "The inference server cannot be reached",
        "Posts that were classified are kept. Start the analysis again once the inference server"
        " is back: it goes on where it stopped.",
    ),
    errors.SourceUnavailableError: ProblemKind(
        "source-unavailable", 503, "The source of posts cannot be reached",
        "Start the analysis again later: what was fetched is kept.",
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
    """Return the kind of the nearest class of an error; UNEXPECTED for one not raised on purpose.

    Nearest means first in the order in which Python looks up methods.
    """
    return next((_KINDS[c] for c in type(error).__mro__ if c in _KINDS), UNEXPECTED)


def all_kinds() -> dict[str, ProblemKind]:
    """Return every kind by its slug."""
    return {kind.slug: kind for kind in (*HTTP_KINDS.values(), CROSS_SITE, *_KINDS.values())}
