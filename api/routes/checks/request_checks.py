"""Checks of every request before its route runs, and headers, metrics and logs of every response.

Each request gets a trace id and is counted and logged under its route's template. Hosts and origins
are checked so that another web site cannot use a browser to act on the posts that this service
stores (DNS rebinding, cross-site requests).
"""

import logging
import re
import time
import uuid
from collections.abc import Collection
from json import JSONDecodeError
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, Request, Response, g, json, redirect, request
from flask_cors import CORS
from flask_openapi3.models.parameter_in_type import ParameterInType
from flask_openapi3.openapi import OpenAPI

from api.errors import FieldError, InvalidRequestError, UnsupportedMediaError
from api.logs import REQUEST_ID
from api.metrics import Metrics
from api.problems import CROSS_SITE, HTTP_KINDS
from api.routes.checks.body_checks import awaits_body
from api.routes.checks.error_handlers import problem_response
from api.routes.openapi import documented_operations

_log = logging.getLogger(__name__)

_TRACE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PORT = re.compile(r":\d{1,5}$")
_PREFLIGHT_SECONDS = 600
_QUERY = ParameterInType.QUERY
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# A sign-in server may add parameters, and they must be ignored (RFC 6749, section 4.1.2).
_ANY_QUERY = "sources.come_back_from_x"
_ORIGINAL_START = "/start_analysis/"
# Health checks and Prometheus come to an address, such as that of a container, and what they read
# is nobody's.
_ANY_HOST = frozenset({"service.livez", "service.readyz", "service.prometheus_metrics"})
_REPORTED_NAMES = 10
_LONGEST_NAME = 40

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class StrictJsonRequest(Request):
    """Request whose JSON body must have the JSON content type, be an object and hold no NaN."""

    def get_json(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002  werkzeug's signature
        """Return the object in the body; an empty body is an empty object.

        Raises UnsupportedMediaError and InvalidRequestError even when called with silent=True, as
        flask-openapi3 does, so that bad JSON is not reported as a missing field.
        """
        body = self.get_data(cache=True)
        if not body.strip():
            return {}
        if not self.is_json:
            raise UnsupportedMediaError("Send the body with Content-Type: application/json.")
        try:
            value = json.loads(body.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"The body is not UTF-8: byte {error.start} cannot be read."
            ) from error
        except JSONDecodeError as error:
            raise InvalidRequestError(
                f"The body is not JSON: line {error.lineno}, column {error.colno}."
            ) from error
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(
                "The body is not JSON that can be read: it holds a number that JSON does not"
                " have, or is nested too deeply."
            ) from error
        if not isinstance(value, dict):
            raise InvalidRequestError("The body must be a JSON object.")
        return value


def register_request_checks(
    app: Flask, metrics: Metrics, allowed_hosts: Collection[str], cors_origins: Collection[str]
) -> None:
    """Check, trace, count and log the requests of an app.

    allowed_hosts are the accepted Host names (health and metrics answer to any), cors_origins the
    origins of other web pages that may call it.
    """
    hosts = frozenset(allowed_hosts)
    if cors_origins:
        CORS(
            app,
            origins=list(cors_origins),
            allow_headers=[
                "Authorization",
                "X-API-Key",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
            ],
            expose_headers=["ETag", "Location", "Retry-After", "X-Request-Id"],
            max_age=_PREFLIGHT_SECONDS,
        )

    @app.before_request
    def begin() -> Response | None:
        offered = request.headers.get("X-Request-Id", "")
        REQUEST_ID.set(offered if _TRACE_ID.fullmatch(offered) else uuid.uuid4().hex)
        g.started = time.perf_counter()
        host = _PORT.sub("", request.headers.get("Host", "").lower())
        if host not in hosts and request.endpoint not in _ANY_HOST:
            return problem_response(HTTP_KINDS[421], HTTP_KINDS[421].about)
        invited = request.headers.get("Origin") in cors_origins
        if not invited and _may_change_things() and _from_another_site():
            return problem_response(CROSS_SITE, CROSS_SITE.about)
        if request.path.startswith(_ORIGINAL_START) and _from_no_site():
            user = (request.view_args or {}).get("user_name", "")
            return cast(Response, redirect(f"/?user={quote(user)}", 303))
        return None

    @app.after_request
    def end(response: Response) -> Response:
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = REQUEST_ID.get() or ""
        if not request.path.startswith(("/web/", "/v1/demo")):
            # Other responses contain people's posts and moods, which no cache may store.
            response.headers["Cache-Control"] = "no-store"
        if not awaits_body():
            _count_and_log(response, metrics)
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        # The thread continues with other work, which must not be logged under this request's id.
        REQUEST_ID.set(None)


def register_query_check(app: OpenAPI) -> None:
    """Refuse undocumented query parameters; call it after adding all routes."""
    known = {
        endpoint: {each.name for each in operation.parameters or () if each.param_in == _QUERY}
        for endpoint, operation in documented_operations(app).items()
        if endpoint != _ANY_QUERY and not endpoint.startswith("service.")
    }

    @app.before_request
    def check() -> None:
        names = known.get(request.endpoint or "")
        if names is None or request.method == "OPTIONS":
            return
        unknown = [name for name in request.args if name not in names]
        if unknown:
            raise InvalidRequestError(
                "The address has parameters that this call does not take.",
                [
                    FieldError(name[:_LONGEST_NAME], "is no parameter of this call")
                    for name in unknown[:_REPORTED_NAMES]
                ],
            )


def _count_and_log(response: Response, metrics: Metrics) -> None:
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "unmatched"
    # A client may send any method name; only those of a matched rule become a metrics label.
    method = request.method if request.url_rule else "any"
    metrics.request(method, route, response.status_code, seconds)
    _log.info(
        "answered",
        extra={
            **_analysis(),
            "method": method,
            "route": route,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        },
    )


def _analysis() -> dict[str, str]:
    analysis_id = g.get("analysis_id") or (request.view_args or {}).get("analysis_id", "")
    return {"analysis_id": analysis_id} if _TRACE_ID.fullmatch(analysis_id) else {}


def _may_change_things() -> bool:
    # The original front end starts analyses with a GET.
    return request.method not in _SAFE_METHODS or request.path.startswith(_ORIGINAL_START)


def _from_another_site() -> bool:
    # Browsers send Sec-Fetch-Site, older ones only Origin; programs send neither.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin != f"{request.scheme}://{request.host}"


def _from_no_site() -> bool:
    # The address was typed, or is a link in a message, which anybody may have written: it agrees to
    # nothing in that person's name. The page asks.
    return request.headers.get("Sec-Fetch-Site") == "none"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
