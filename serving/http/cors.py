"""Answers to scripts of web pages: CORS headers and preflight requests, by Starlette."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware

from serving.http.messages import App

_SENT = (
    "Authorization",
    "Content-Type",
    "Content-Encoding",
    "Inference-Header-Content-Length",
    "X-Request-Id",
)
_SHOWN = ("Inference-Header-Content-Length", "Retry-After", "WWW-Authenticate", "X-Request-Id")


def with_cors(app: App, origins: Sequence[str]) -> App:
    """Return `app` for scripts of pages from these origins; `*` stands for any.

    Keys are sent by the script, in a header; cookies and the like are not let through.
    """
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=_SENT,
        expose_headers=_SHOWN,
        max_age=3600,
    )
