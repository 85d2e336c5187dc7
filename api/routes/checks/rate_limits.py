"""Rate limits per API key, or per client address where a request has no key."""

import math
import time
from collections.abc import Callable

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded

from api.problems import HTTP_KINDS
from api.routes.checks.body_checks import was_checked
from api.routes.checks.error_handlers import problem_response
from api.routes.checks.rate_limit_windows import SCHEME

_WORK = frozenset(
    ("analyses.start_analysis", "users.import_posts", "original.start_analysis_and_wait")
)


def register_rate_limits(
    app: Flask, *, calls: str | None, work: str | None, redis_url: str
) -> None:
    """Count calls and answer 429 past a limit such as "100/minute" (None: no limit).

    work limits the calls that start an import or an analysis. Processes share their counts in
    Redis where redis_url is set; while Redis is unavailable, each counts by itself.
    """
    limits: list[str | Callable[[], str] | ApplicationLimit] = []
    if calls:
        limits.append(ApplicationLimit(limit_provider=calls, scope="calls"))
    if work:
        limits.append(
            ApplicationLimit(
                limit_provider=work,
                scope="work",
                exempt_when=lambda: request.endpoint not in _WORK,
            )
        )
    limiter = Limiter(
        caller,
        application_limits=limits,
        storage_uri=f"{SCHEME}://",
        storage_options={"redis_url": redis_url},
        key_prefix="moodline",
    )
    limiter.request_filter(lambda: request.blueprint == "service" or request.method == "OPTIONS")
    limiter.request_filter(was_checked)
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def refuse(_error: RateLimitExceeded) -> Response:
        passed = limiter.current_limit
        seconds = 1
        if passed is not None:  # reset_at is rounded up, and Redis may have another clock
            left = math.floor(passed.reset_at - time.time())
            seconds = min(left, passed.limit.get_expiry())
        response = problem_response(HTTP_KINDS[429], "This passes the rate limit of the service.")
        response.headers["Retry-After"] = str(max(seconds, 1))
        return response


def caller() -> str:
    """Return who calls, as far as is known: the key's prefix, or else the address."""
    return g.api_key.prefix if g.api_key else request.remote_addr or "unknown"
