"""Answers to scripts of web pages: CORS headers and preflight requests, by Starlette."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware

from serving.http.messages import App

_SHOWN = ("Inference-Header-Content-Length", "Retry-After", "WWW-Authenticate", "X-Request-Id")


def with_cors(app: App, origins: Sequence[str]) -> App:
    """Return `app` for scripts of pages from these origins; `*` stands for any.

    Keys are sent by the script, in a header; cookies and the like are not let through. Any header
    may be sent: clients have some of their own (traceparent, x-wait-for-model), which are harmless.
    """
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=("*",),
        expose_headers=_SHOWN,
        max_age=3600,
    )
