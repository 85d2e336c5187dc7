"""Wire what runs analyses, in the API's own process or in a worker's."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

from api.bootstrap.adapters import Ports
from api.bootstrap.use_cases import sign_ins
from api.domain.scoring import preset
from api.jobs.runner import AnalysisRunner, RunnerLimits
from api.jobs.sweeper import Sweeper
from api.metrics import MeteredEmotionClient, MeteredPostSource, Metrics
from api.settings import Settings


def analysis_runner(
    ports: Ports, settings: Settings, metrics: Metrics, stopping: threading.Event
) -> AnalysisRunner:
    """Return what runs analyses, in the API's own process or in a worker's."""
    return AnalysisRunner(
        ports.store,
        MeteredEmotionClient(ports.emotions, metrics),
        {name: MeteredPostSource(name, each, metrics) for name, each in ports.sources.items()},
        ports.clock,
        metrics,
        scoring=preset(settings.scoring),
        limits=RunnerLimits(
            chunk_posts=settings.chunk_posts,
            requests_in_flight=settings.requests_in_flight,
            lease_seconds=settings.lease_seconds,
            retry_seconds=settings.inference_retry_seconds,
            defer_seconds=settings.source_wait_seconds,
        ),
        owner=f"{socket.gethostname()}-{os.getpid()}",
        pause=stopping.wait,
        stopping=stopping.is_set,
        access=sign_ins(ports, settings).access,
    )


def and_sweep(run: Callable[[], bool], ports: Ports) -> Callable[[], bool]:
    """Return what has the store forget what it kept long enough, where due, before each run."""
    sweeper = Sweeper(ports.store, ports.clock)

    def work() -> bool:
        sweeper.sweep_when_due()
        return run()

    return work
