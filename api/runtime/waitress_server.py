"""Waitress as the web server, with problem documents for requests that it refuses itself."""

import json
import uuid
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from api.problems import kind_of_status, problem_document
from api.settings import Settings

_CHANNEL_SECONDS = 120


class _ProblemTask(ErrorTask):
    """Problem document for a request that never reaches the app, such as a broken request line."""

    def execute(self) -> None:
        """Write the response and close the connection."""
        request: Any = self.request
        error = request.error
        code = error.code
        trace_id = uuid.uuid4().hex
        document = problem_document(
            kind_of_status(code),
            "The request could not be read, or is larger than this service takes.",
            trace_id,
            status=code,
        )
        body = json.dumps(document).encode()
        self.status = f"{code} {error.reason}"
        self.response_headers = [
            *self.response_headers,
            ("Content-Type", "application/problem+json"),
            ("X-Request-Id", trace_id),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):
    error_task_class = _ProblemTask


def open_server(app: Flask, settings: Settings) -> Any:
    """Return a waitress server that listens on its port; run() serves until close() is called.

    Raises OSError if the port cannot be opened.
    """
    server: Any = create_server(
        app,
        host=settings.api_host,
        port=settings.api_port,
        threads=settings.api_threads,
        # The app refuses larger imports itself; this bounds what waitress buffers before that.
        max_request_body_size=2 * settings.max_import_bytes,
        channel_timeout=_CHANNEL_SECONDS,
        clear_untrusted_proxy_headers=True,
        ident="",
    )
    server.channel_class = _Channel
    return server
