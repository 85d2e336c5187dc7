"""Error handlers: every error is answered with a problem document, never an exception's text.

The table in `api.problems` defines the kind of problem of each error.
"""

import errno
import logging
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, json
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from api.errors import (
    AnalysisFailedError,
    BusyError,
    FieldError,
    ForbiddenError,
    InvalidRequestError,
    MoodlineError,
    RetryableError,
    StoreUnavailableError,
    UnauthorizedError,
)
from api.logs import REQUEST_ID
from api.problems import (
    HTTP_KINDS,
    UNEXPECTED,
    ProblemKind,
    all_kinds,
    kind_of_error,
    kind_of_status,
    problem_document,
)

_log = logging.getLogger(__name__)

_RETRY_AFTER_SECONDS = 5
_STATUS_DETAILS = {
    404: "No page stands at this address. The addresses are listed at /docs.",
    405: "This address does not take that method. The Allow header lists those it takes.",
    413: "The body is larger than this address takes.",
    415: "Send the body with Content-Type: application/json.",
}


def problem_response(kind: ProblemKind, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    """Return a problem document as a response."""
    document = problem_document(kind, detail, REQUEST_ID.get(), errors)
    body = json.dumps(document, ensure_ascii=False)
    return Response(body, kind.status, content_type="application/problem+json")


def invalid_request(error: ValidationError) -> Response:
    """Raise InvalidRequestError for a request that does not fit its model.

    The return type is what flask-openapi3 expects of a callback. The values that were sent are not
    repeated. `where` is a JSON pointer for a body and a parameter's name otherwise.
    """
    start = "/" if error.title.endswith("Body") else ""
    faults = [
        FieldError(start + "/".join(map(str, fault["loc"])), fault["msg"])
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    raise InvalidRequestError("The request does not fit what this address takes.", faults)


def register_error_handlers(app: Flask) -> None:
    """Register the error handlers of an app."""
    app.register_error_handler(MoodlineError, _moodline_error)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _unexpected_error)


def _moodline_error(error: MoodlineError) -> Response:
    if isinstance(error, AnalysisFailedError):
        slug = error.problem.type if error.problem else UNEXPECTED.slug
        return problem_response(all_kinds().get(slug, UNEXPECTED), error.detail)
    kind = kind_of_error(error)
    if kind.status >= 500:
        _log.warning("answered %s", kind.slug, exc_info=error)
    errors = error.errors if isinstance(error, InvalidRequestError) else ()
    # What is wrong with the store, such as its path, is for the operator: it is in the log.
    detail = kind.about if isinstance(error, StoreUnavailableError) else error.detail
    response = problem_response(kind, detail, errors)
    if isinstance(error, BusyError):
        response.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, RetryableError):
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    elif isinstance(error, UnauthorizedError):
        response.headers["WWW-Authenticate"] = 'Bearer realm="moodline"'
    elif isinstance(error, ForbiddenError):
        scope = f', scope="{error.scope}"' if error.scope else ""
        response.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope"{scope}'
    return response


def _http_exception(error: HTTPException) -> Any:
    if error.code is None:
        return error
    kind = kind_of_status(error.code)
    response = problem_response(kind, _STATUS_DETAILS.get(kind.status, kind.about))
    allowed = dict(error.get_headers()).get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _unexpected_error(error: Exception) -> Response:
    if isinstance(error, OSError) and _disk_is_full(error):
        _log.error("no room for temporary files: free some, or set TMPDIR", exc_info=error)
        kind = HTTP_KINDS[503]
        response = problem_response(kind, kind.about)
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
        return response
    _log.error("unexpected error", exc_info=error)
    return problem_response(UNEXPECTED, UNEXPECTED.about)


def _disk_is_full(error: OSError) -> bool:
    # tempfile says ENOENT, of no file, if it finds no folder in which it can write.
    nowhere = error.errno == errno.ENOENT and error.filename is None
    return nowhere or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
