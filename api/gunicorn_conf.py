"""API in several processes, as gunicorn's config: `gunicorn --config python:api.gunicorn_conf`.

gunicorn reads the names below, so importing this module reads the environment. Each process opens
the store and starts its threads after the fork, which SQLite's locks and threads would not survive.
What serves HTTP in each is the web server of `python -m api`, with the same bounds.
"""

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from prometheus_client import multiprocess

from api.bootstrap.adapters import adapters
from api.bootstrap.service import Service, wire
from api.environment import warn_of_unread_names
from api.errors import MoodlineError
from api.runtime.gunicorn_worker import HttpServerLogger, HttpServerWorker
from api.runtime.processes import collect_garbage_less_often
from api.settings import SettingsError, read_settings, secrets, variables

_APP_LOAD_ERROR = 4  # gunicorn ends at this status instead of restarting the process
# Held by the first process that cannot serve. gunicorn would print a traceback at a second one.
_cannot_serve = multiprocessing.Lock()
_SERVICE = "moodline"

try:
    _settings = read_settings(os.environ)
except SettingsError as _error:
    sys.stderr.write(f"moodline: {_error}\n")
    raise SystemExit(2) from None


class worker_class(HttpServerWorker):  # noqa: N801  the name that gunicorn reads
    """The process that serves with these settings."""

    settings = _settings


class logger_class(HttpServerLogger):  # noqa: N801  the name that gunicorn reads
    """The log with these settings."""

    settings = _settings


loglevel = _settings.log_level
wsgi_app = "api.gunicorn_conf:serve()"
bind = [f"{_settings.api_host}:{_settings.api_port}"]
workers = _settings.api_processes
preload_app = False
# Limits how long a process's main thread may hang, not how long a response takes.
timeout = 60
graceful_timeout = int(_settings.shutdown_seconds) + 5
control_socket_disable = True


def serve() -> Flask:
    """Return the app of this process; if it cannot be wired, write why and end all processes."""
    try:
        service = wire(adapters(_settings), _settings)
    except (SettingsError, MoodlineError) as error:
        if not _cannot_serve.acquire(block=False):
            raise SystemExit(0) from None
        sys.stderr.write(f"moodline: {error}\n")
        raise SystemExit(_APP_LOAD_ERROR) from None
    service.app.extensions[_SERVICE] = service
    return service.app


def on_starting(_server: Any) -> None:
    """Say which settings have no effect, and delete the metrics of earlier processes."""
    warn_of_unread_names(os.environ, variables(), secrets())
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for file in Path(folder).glob("*.db"):
            file.unlink()


def post_worker_init(worker: Any) -> None:
    """Start the service of a process, and end its event streams when it is told to stop."""
    service: Service = worker.wsgi.extensions[_SERVICE]
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    ends = {number: signal.getsignal(number) for number in signals}

    def begin_stop(number: int, frame: FrameType | None) -> None:
        service.workers.begin_stop()
        end = ends[signal.Signals(number)]
        if callable(end):
            end(number, frame)

    for number in signals:
        signal.signal(number, begin_stop)
    service.start()
    collect_garbage_less_often()


def worker_exit(_server: Any, worker: Any) -> None:
    """Return running analyses to the queue."""
    app = getattr(worker, "wsgi", None)  # missing if the process could not serve
    if app is not None:
        app.extensions[_SERVICE].stop()


def child_exit(_server: Any, worker: Any) -> None:
    """Remove an ended process from the gauges of living ones."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
