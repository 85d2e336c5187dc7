"""Logging as plain or JSON lines on standard error, with request and analysis ids.

Post texts and user names are never logged; ids, counts and times are.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Trace id of the current request, or None."""

ANALYSIS_ID: ContextVar[str | None] = ContextVar("analysis_id", default=None)
"""Id of the current analysis, or None."""

_EXTRAS = (
    *("analysis_id", "method", "route", "status", "milliseconds", "posts", "attempt"),
    *("queue_seconds", "fetch_seconds", "classify_seconds", "decide_seconds"),
)


def trace_id() -> str | None:
    """Return the trace id to send with outgoing calls, or None."""
    return ANALYSIS_ID.get() or REQUEST_ID.get()


@contextmanager
def about_analysis(analysis_id: str) -> Iterator[None]:
    """Add an analysis id to log lines and outgoing calls made in this context."""
    token = ANALYSIS_ID.set(analysis_id)
    try:
        yield
    finally:
        ANALYSIS_ID.reset(token)


def _context(record: logging.LogRecord) -> dict[str, Any]:
    ids = {"request_id": REQUEST_ID.get(), "analysis_id": ANALYSIS_ID.get()}
    found = {name: value for name, value in ids.items() if value is not None}
    return found | {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}


class PlainFormatter(logging.Formatter):
    """Formatter for people: time, level, logger, message, then ids."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, followed by the traceback if there is one."""
        line = super().format(record)
        context = " ".join(f"{name}={value}" for name, value in _context(record).items())
        first, newline, rest = line.partition("\n")
        return f"{first} [{context}]{newline}{rest}" if context else line


class JsonFormatter(logging.Formatter):
    """Formatter of one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; its field `exception` is the traceback if there is one."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_context(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logs(log_format: str, level: str) -> None:
    """Send the logs of the whole process to standard error; log_format is "plain" or "json"."""
    handler = logging.StreamHandler(sys.stderr)
    plain = PlainFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if log_format == "json" else plain)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # httpx logs every request, and an analysis makes many inference calls.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Flask-Limiter logs the address of a client that passes a limit.
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)
