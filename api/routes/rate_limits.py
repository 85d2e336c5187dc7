"""Limit how often a key, or an address without one, may call."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded

from api.problems import HTTP_KINDS
from api.routes.error_handlers import problem_response

_WORK = frozenset(
    ("analyses.start_analysis", "users.import_posts", "original.start_analysis_and_wait")
)
_REDIS_SECONDS = 1


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Say how often: such as "100/minute", or None for no limit; work starts something long.

    storage is memory://, or a Redis address that several processes share. While Redis is away each
    process counts by itself.
    """

    calls: str | None = None
    work: str | None = None
    storage: str = "memory://"


def register_rate_limits(app: Flask, limits: RateLimits) -> None:
    """Have an app count calls and answer 429 to those past a limit."""
    counted = [
        ApplicationLimit(limit_provider=limits.calls, scope="calls") if limits.calls else None,
        ApplicationLimit(
            limit_provider=limits.work,
            scope="work",
            exempt_when=lambda: request.endpoint not in _WORK,
        )
        if limits.work
        else None,
    ]
    redis = limits.storage.startswith("redis")
    timeouts = ("socket_timeout", "socket_connect_timeout")
    limiter = Limiter(
        _who,
        application_limits=[limit for limit in counted if limit],
        storage_uri=limits.storage,
        storage_options=dict.fromkeys(timeouts, _REDIS_SECONDS) if redis else {},
        in_memory_fallback_enabled=redis,
        key_prefix="moodline",
    )
    limiter.request_filter(lambda: request.blueprint == "service" or request.method == "OPTIONS")
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def refuse(_error: RateLimitExceeded) -> Response:
        passed = limiter.current_limit
        seconds = math.floor(passed.reset_at - time.time()) if passed else 1  # it is rounded up
        response = problem_response(HTTP_KINDS[429], "This passes the rate limit of the service.")
        response.headers["Retry-After"] = str(max(seconds, 1))
        return response


def _who() -> str:
    return g.api_key.prefix if g.api_key else request.remote_addr or "unknown"
