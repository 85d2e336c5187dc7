"""Check of a request before its body is received: host, key, scope, rate and size come first.

A body costs memory and disk space, so nobody may send one who could not have it read. The web
server (`api.runtime.http_connections`) calls the app with the head of such a request alone and an
open `BeforeBody` in the environ; the app answers with an error, or passes it. Once the body has
come, the server calls the app again with the same `BeforeBody`, and the rate is not counted twice.
A request that came in one piece has none: it is checked and served in one call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

_ENVIRON_KEY = "moodline.before_body"


@dataclass(slots=True)
class BeforeBody:
    """Whether the app takes the body of a request, and at most how many bytes of it."""

    passed: bool = False
    max_bytes: int = 0

    def put_into(self, environ: dict[str, Any]) -> None:
        """Have the app see it with this request."""
        environ[_ENVIRON_KEY] = self


def register_body_check(app: Flask, max_bytes: Mapping[str, int]) -> None:
    """Refuse bodies that no route takes or that are declared too large; end calls of a head alone.

    max_bytes names the endpoints that take more than the app's MAX_CONTENT_LENGTH. Call it last of
    all that registers checks.
    """

    @app.before_request
    def check() -> Response | None:
        if request.routing_exception is not None:
            raise request.routing_exception
        limit = max_bytes.get(request.endpoint or "", app.config["MAX_CONTENT_LENGTH"])
        request.max_content_length = limit
        if (request.content_length or 0) > limit:
            raise RequestEntityTooLarge
        before_body = _of_request()
        if before_body is None or before_body.passed:
            return None
        before_body.passed, before_body.max_bytes = True, limit
        g.awaits_body = True
        return Response(status=204)


def awaits_body() -> bool:
    """Return whether this call has passed all checks and is only the first of two."""
    return bool(g.get("awaits_body", False))


def was_checked() -> bool:
    """Return whether this is the second call of two, whose request has been counted."""
    before_body = _of_request()
    return before_body is not None and before_body.passed


def _of_request() -> BeforeBody | None:
    before_body: BeforeBody | None = request.environ.get(_ENVIRON_KEY)
    return before_body
