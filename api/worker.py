"""Worker process that runs analyses for the API: `python -m api.worker`, as many as needed.

Celery takes wake-ups from Redis and gives each to a free thread. One more thread polls the store at
startup and every QUEUE_POLL_SECONDS and runs what is queued there. This finds the analyses of a
worker that died (once their lease has expired), those deferred by a rate limit, and those whose
message was lost, even while Redis is unavailable.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from celery import signals
from kombu.exceptions import OperationalError

from api.adapters.celery_queue import TASK, celery_app
from api.bootstrap.adapters import adapters
from api.bootstrap.use_cases import analysis_workers
from api.environment import warn_of_unread_names
from api.errors import MoodlineError, StoreUnavailableError
from api.logs import configure_logs
from api.metrics import Metrics
from api.runtime.processes import collect_garbage_less_often
from api.settings import Settings, SettingsError, read_settings, secrets, variables

_log = logging.getLogger("api.worker")

_PING_SECONDS = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Work until SIGTERM or Ctrl-C; return the exit status, with a message if it cannot work."""
    parser = argparse.ArgumentParser(prog="python -m api.worker", description=__doc__)
    parser.add_argument(
        "--name",
        help="its name in `celery inspect`, before the host's name (default: worker-PID)",
    )
    parser.add_argument(
        "--ping",
        action="store_true",
        help="work nothing; exit with 0 if the worker of that name on this host answers",
    )
    options = parser.parse_args(arguments)
    if options.ping and not options.name:
        parser.error("--ping needs --name, the name that the worker was started with")
    try:
        settings = read_settings(os.environ)
        if not settings.queue_url:
            raise SettingsError(
                "QUEUE_URL is empty, so the API runs the analyses itself. Set it to a Redis, such"
                " as redis://127.0.0.1:6379/0, for the API and its workers."
            )
        if options.ping:
            answered = answers(settings, options.name)
            if not answered:
                sys.stderr.write(
                    f"moodline worker: no worker {_full_name(options.name)} answers through the"
                    " Redis of QUEUE_URL\n"
                )
            return 0 if answered else 1
        configure_logs(settings.log_format, settings.log_level)
        warn_of_unread_names(os.environ, variables(), secrets())
        work(settings, options.name or f"worker-{os.getpid()}")
    except (SettingsError, MoodlineError) as error:
        sys.stderr.write(f"moodline worker: {error}\n")
        return 2
    _log.info("stopped")
    return 0


def answers(settings: Settings, name: str) -> bool:
    """Return whether the worker of that name on this host answers through Redis."""
    app = celery_app(settings.queue_url, lease_seconds=settings.lease_seconds)
    try:
        asked = app.control.inspect(destination=[_full_name(name)], timeout=_PING_SECONDS)
        return bool(asked.ping())
    except OperationalError:
        return False
    finally:
        app.close()


def work(settings: Settings, name: str) -> None:
    """Run analyses until told to stop, then return running ones to the queue.

    Raises StoreUnavailableError if the store cannot be opened, and SettingsError if the metrics
    port cannot.
    """
    metrics = Metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    if settings.worker_metrics_port:
        _serve(metrics, settings)
    ports = adapters(settings)
    runner, poller = analysis_workers(ports, settings, metrics, threading.Event(), threads=1)
    app = celery_app(
        settings.queue_url,
        lease_seconds=settings.lease_seconds,
        on_dropped=metrics.message_dropped,
    )
    app.task(name=TASK)(_task(runner.run))

    def begin_stop(**_: object) -> None:
        poller.begin_stop()

    # Celery installs its own handlers about a second after the poller has started.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    # Celery waits for running analyses; this makes them end.
    signals.worker_shutting_down.connect(begin_stop)
    collect_garbage_less_often()
    try:
        poller.start()
        # Threads, because a run mostly waits for the inference server, and they share one store.
        app.Worker(
            hostname=_full_name(name),
            pool="threads",
            concurrency=settings.analysis_workers,
            without_gossip=True,
            without_mingle=True,
            loglevel=settings.log_level.upper(),
            quiet=True,
        ).start()
    finally:
        if poller.stop(settings.shutdown_seconds):
            ports.close()
        app.close()


def _full_name(name: str) -> str:
    return f"{name}@{os.uname().nodename}"


def _serve(metrics: Metrics, settings: Settings) -> None:
    try:
        metrics.serve(settings.api_host, settings.worker_metrics_port)
    except OSError as error:
        raise SettingsError(
            f"WORKER_METRICS_PORT {settings.worker_metrics_port} on {settings.api_host} cannot be"
            f" had: {error.strerror}. Each worker of a machine needs one of its own."
        ) from error


def _task(run: Callable[[str], bool]) -> Callable[[str], None]:
    def analyse(analysis_id: str) -> None:
        try:
            run(analysis_id)
        except StoreUnavailableError as error:
            _log.warning("%s", error.detail, extra={"analysis_id": analysis_id})

    return analyse


if __name__ == "__main__":
    sys.exit(main())
