"""The API server in one process: `python -m api`."""

import logging
import os
import signal
import sys
import threading

from api.bootstrap.adapters import adapters
from api.bootstrap.service import Service, wire
from api.environment import warn_of_unread_names
from api.errors import MoodlineError
from api.logs import configure_logs
from api.runtime.http_server import HttpServer
from api.runtime.processes import collect_garbage_less_often
from api.settings import SettingsError, read_settings, secrets, variables

_log = logging.getLogger("api")


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status, with a message if it cannot serve."""
    try:
        settings = read_settings(os.environ)
        configure_logs(settings.log_format, settings.log_level)
        warn_of_unread_names(os.environ, variables(), secrets())
        service = wire(adapters(settings), settings)
    except (SettingsError, MoodlineError) as error:
        return _refuse(str(error))
    try:
        server = HttpServer(service.app, settings)
    except OSError as error:
        service.stop()
        return _refuse(
            f"Port {settings.api_port} on {settings.api_host} cannot be had: {error.strerror}."
            " Stop what listens there, or set API_PORT."
        )
    told_to_stop = _stop_on_signals(service, server)
    try:
        service.start()
        collect_garbage_less_often()
        _log.info("serving at http://%s:%d", settings.api_host, settings.api_port)
        server.run(lambda: not told_to_stop.is_set())
    finally:
        server.stop(settings.shutdown_seconds)
        service.stop()
    _log.info("stopped")
    return 0


def _refuse(line: str) -> int:
    sys.stderr.write(f"moodline: {line}\n")
    return 2


def _stop_on_signals(service: Service, server: HttpServer) -> threading.Event:
    """Return an event that the first SIGTERM or Ctrl-C sets.

    Nothing is raised: an exception in the middle of the server's loop would leave connections half
    noted, and ending them would fail.
    """
    told = threading.Event()

    def stop(*_: object) -> None:
        # A second signal ends the process at once.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        told.set()
        # Event streams stay open until told to end, and the server waits for open responses.
        service.workers.begin_stop()
        server.pull_trigger()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return told


if __name__ == "__main__":
    sys.exit(main())
