"""gunicorn's worker process with the API's own web server in it, and its log in the API's form.

gunicorn's own workers give a connection a thread before its head has come, and wait for the rest
without a deadline: two dozen half-sent heads stop them. So gunicorn has the processes and the
listening socket, and `api.runtime.http_server` does the HTTP, as it does for `python -m api`.
"""

import os
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from api.logs import configure_logs
from api.runtime.http_server import HttpServer
from api.settings import Settings


class HttpServerLogger(Logger):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn's own lines in the form of all others; the subclass sets `settings`."""

    settings: Settings

    def setup(self, cfg: Any) -> None:
        """Take the place of gunicorn's handler, unless a file was named for its lines."""
        super().setup(cfg)
        configure_logs(self.settings.log_format, self.settings.log_level)
        if cfg.errorlog == "-":
            self.error_log.handlers.clear()
            self.error_log.propagate = True


class HttpServerWorker(Worker):  # type: ignore[misc] # gunicorn ships no types
    """A process that serves; the subclass in gunicorn's configuration sets `settings`."""

    settings: Settings
    _server: HttpServer | None = None

    def run(self) -> None:
        """Serve until told to stop, or until gunicorn's first process has ended."""
        self._server = HttpServer(self.wsgi, self.settings, self.sockets[0].sock)
        self._server.run(self._goes_on)
        self._server.stop(self.cfg.graceful_timeout)

    def _goes_on(self) -> bool:
        self.notify()
        return bool(self.alive) and self.ppid == os.getppid()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, after SIGTERM."""
        super().handle_exit(sig, frame)
        if self._server is not None:
            self._server.pull_trigger()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, after Ctrl-C or SIGQUIT; gunicorn's own would raise in the middle of the loop."""
        if self._server is None:
            super().handle_quit(sig, frame)
        self.handle_exit(sig, frame)
