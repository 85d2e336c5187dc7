"""Status, type, title and wording of every request error, in one table.

Problem documents follow RFC 9457 and have the same fields as the orchestration service's.
"""

from dataclasses import dataclass

from serving import errors
from serving.http.messages import Answer

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem; `about` is what people read at /problems/{slug}."""

    slug: str
    status: int
    title: str
    about: str

    @property
    def path(self) -> str:
        """Return the `type` of the documents, which is also where `about` is served."""
        return f"/problems/{self.slug}"

    @property
    def page(self) -> Answer:
        """The page that explains this kind of problem, at the address its `type` names."""
        return Answer.of(
            {"type": self.path, "title": self.title, "status": self.status, "about": self.about}
        )


KINDS: dict[type[errors.RequestError], ProblemKind] = {
    errors.InvalidRequestError: ProblemKind(
        "invalid-request", 400, "The request cannot be understood",
        'The body must be `{"texts": ["...", ...]}`. Each item of `errors` names a place in it.',
    ),
    errors.KeyRefusedError: ProblemKind(
        "key-refused", 401, "A key is needed",
        "Send `Authorization: Bearer KEY` with a key that the operator gave you.",
    ),
    errors.NotFoundError: ProblemKind(
        "not-found", 404, "Nothing is served here", "What is served is listed at /docs.json."
    ),
    errors.MethodNotAllowedError: ProblemKind(
        "method-not-allowed", 405, "This address does not take that method",
        "The Allow header of the answer lists the methods that the address takes.",
    ),
    errors.PayloadTooLargeError: ProblemKind(
        "payload-too-large", 413, "Too large",
        "Send fewer texts in a request, or shorter ones. The limits are listed at /v1/model.",
    ),
    errors.UnsupportedMediaError: ProblemKind(
        "unsupported-media", 415, "This kind of body is not read",
        "Send JSON in UTF-8, as it is or packed with gzip or deflate, with"
        " `Content-Type: application/json`.",
    ),
    errors.UnexpectedError: ProblemKind(
        "unexpected", 500, "Something went wrong on our side",
        "The server met a fault of its own. If it stays, report the trace_id.",
    ),
    errors.BusyError: ProblemKind(
        "busy", 429, "Too much at once",
        "Wait for the number of seconds in the Retry-After header, then try again.",
    ),
    errors.NotReadyError: ProblemKind(
        "not-ready", 503, "The model is not ready yet",
        "Wait for the number of seconds in the Retry-After header, then try again.",
    ),
    errors.DeadlineExceededError: ProblemKind(
        "deadline-exceeded", 504, "No answer within the deadline",
        "The request took longer than the server gives one. Try again, with fewer texts.",
    ),
}  # fmt: skip


def kind_of(error: errors.RequestError) -> ProblemKind:
    """Return the kind of an error's nearest class; an unexpected one for a class without."""
    unexpected = KINDS[errors.UnexpectedError]
    return next((KINDS[c] for c in type(error).__mro__ if c in KINDS), unexpected)


def problem_answer(error: errors.RequestError, trace_id: str) -> Answer:
    """Return the problem document of an error, with the headers that go with its status."""
    kind = kind_of(error)
    document = {
        "type": kind.path,
        "title": kind.title,
        "status": kind.status,
        "detail": error.detail,
        "trace_id": trace_id,
        "errors": [{"where": fault.where, "reason": fault.reason} for fault in error.faults],
    }
    headers = error_headers(error)
    return Answer.of(document, kind.status, headers=headers, content_type=PROBLEM_TYPE)


def error_headers(error: errors.RequestError) -> tuple[tuple[str, str], ...]:
    """Return the headers that go with an error, in every wire format."""
    headers: list[tuple[str, str]] = []
    if isinstance(error, errors.RetryableError):
        headers.append(("retry-after", str(error.retry_after)))
    if isinstance(error, errors.MethodNotAllowedError):
        headers.append(("allow", ", ".join(error.allowed)))
    if isinstance(error, errors.KeyRefusedError):
        headers.append(("www-authenticate", 'Bearer realm="moodline"'))
    if isinstance(error, errors.PayloadTooLargeError) and error.unread:
        headers.append(("connection", "close"))
    return tuple(headers)


def one_line(error: errors.RequestError, texts_at: str) -> str:
    """Return an error as one line, for wire formats whose errors are a string.

    Faults in a text point into /texts, where /v1/classify has them; `texts_at` is where the
    texts are in the caller's body.
    """
    faults = [f"{_pointer(fault.where, texts_at)} {fault.reason}" for fault in error.faults]
    return f"{error.detail} {'; '.join(faults)}".strip()


def _pointer(where: str, texts_at: str) -> str:
    if where == "/texts" or where.startswith("/texts/"):
        return texts_at + where.removeprefix("/texts")
    return where or "The body"
