"""Run analyses beside the API: `python -m api.worker`, one process of as many as there shall be.

Celery hands over wake-ups from Redis, each to a thread that is free. One thread more sweeps: it
looks into the store at start and every QUEUE_POLL_SECONDS, and runs what waits there. That is what
finds the analyses of a worker that died (once their lease has ended), those that waited for a
source, and those whose message was lost, whichever process is left and whether Redis is there or
not.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from celery import signals

from api.adapters.celery_queue import TASK, celery_app
from api.bootstrap.adapters import adapters
from api.bootstrap.use_cases import analysis_runner
from api.errors import MoodlineError, StoreUnavailableError
from api.jobs.sweeper import Sweeper
from api.logs import configure_logs
from api.metrics import Metrics
from api.runtime.processes import collect_garbage_less_often
from api.runtime.worker_pool import WorkerPool
from api.settings import Settings, SettingsError, read_settings

_log = logging.getLogger("api.worker")


def main(arguments: list[str] | None = None) -> int:
    """Work until SIGTERM or Ctrl-C; return the exit status, after one clear line on a fault."""
    name = _parser().parse_args(arguments).name
    try:
        settings = read_settings(os.environ)
        if not settings.queue_url:
            raise SettingsError(
                "QUEUE_URL is empty, so the API runs the analyses itself. Set it to a Redis, such"
                " as redis://127.0.0.1:6379/0, for the API and its workers."
            )
        configure_logs(settings.log_format, settings.log_level)
        work(settings, name)
    except SettingsError as error:
        return _refuse(str(error))
    except MoodlineError as error:
        return _refuse(error.detail)
    _log.info("stopped")
    return 0


def work(settings: Settings, name: str) -> None:
    """Run what comes until told to stop, then put back what is under way.

    Raises StoreUnavailableError where the store cannot be opened, SettingsError where a port that
    is asked for cannot be had.
    """
    metrics = Metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    if settings.worker_metrics_port:
        _serve(metrics, settings)
    ports = adapters(settings)
    stopping = threading.Event()
    runner = analysis_runner(ports, settings, metrics, stopping)
    sweeper = WorkerPool(
        runner.run,
        stopping,
        sweep=Sweeper(ports.store, ports.clock).sweep_when_due,
        threads=1,
        poll_seconds=settings.queue_poll_seconds,
    )
    app = celery_app(settings.queue_url, lease_seconds=settings.lease_seconds)
    app.task(name=TASK)(_task(runner.run))

    def begin_stop(**_: object) -> None:
        sweeper.begin_stop()

    # Until Celery has handlers of its own, which takes a second in which the sweep is at work.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    # Celery waits for the runs under way; this has them come to an end.
    signals.worker_shutting_down.connect(begin_stop)
    collect_garbage_less_often()
    try:
        sweeper.start()
        # Threads: a run waits for the inference server most of the time, and one process has one
        # store, opened where it is used.
        app.Worker(
            hostname=f"{name}@{os.uname().nodename}",
            pool="threads",
            concurrency=settings.analysis_workers,
            without_gossip=True,
            without_mingle=True,
            loglevel=settings.log_level.upper(),
            quiet=True,
        ).start()
    finally:
        if sweeper.stop(settings.shutdown_seconds):
            ports.close()
        app.close()


def _serve(metrics: Metrics, settings: Settings) -> None:
    try:
        metrics.serve(settings.api_host, settings.worker_metrics_port)
    except OSError as error:
        raise SettingsError(
            f"WORKER_METRICS_PORT {settings.worker_metrics_port} on {settings.api_host} cannot be"
            f" had: {error.strerror}. Each worker of a machine needs one of its own."
        ) from error


def _exit(*_: object) -> None:
    raise SystemExit(0)


def _task(run: Callable[[str], bool]) -> Callable[[str], None]:
    def analyse(analysis_id: str) -> None:
        try:
            run(analysis_id)
        except StoreUnavailableError as error:
            _log.warning("%s", error.detail, extra={"analysis_id": analysis_id})

    return analyse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.worker", description=__doc__)
    parser.add_argument(
        "--name",
        default=f"worker-{os.getpid()}",
        help="what `celery inspect` calls it, before the host's name (default: worker-PID)",
    )
    return parser


def _refuse(line: str) -> int:
    sys.stderr.write(f"moodline worker: {line}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
