"""Wire the service: its app, and the workers of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

from api.bootstrap.adapters import Ports
from api.bootstrap.runner import analysis_runner, and_sweep
from api.bootstrap.shipped import catalogue_items, support_entries
from api.bootstrap.use_cases import use_cases
from api.domain.crisis_support import SupportList
from api.jobs.runner import AnalysisRunner
from api.metrics import Metrics
from api.routes.app import AppLimits, create_app
from api.routes.rate_limits import RateLimits
from api.runtime.worker_pool import WorkerPool
from api.services import HOW_TO_MAKE_A_KEY, Access, Services
from api.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Service:
    """Hold a wired service: its app, and the workers, which start() sets to work."""

    app: Flask
    services: Services
    runner: AnalysisRunner
    workers: WorkerPool
    ports: Ports
    shutdown_seconds: float
    end_traces: Callable[[], object]

    def start(self) -> None:
        """Take up the analyses that wait, unless the workers of other processes do."""
        if self.ports.wake is None:
            self.workers.start()

    def begin_stop(self) -> None:
        """Tell workers and open answers to come to an end, without waiting for them."""
        self.workers.begin_stop()

    def stop(self) -> None:
        """Let running analyses go back to the queue, then close the adapters."""
        if self.workers.stop(self.shutdown_seconds):
            self.ports.close()
        self.end_traces()


def wire(ports: Ports, settings: Settings) -> Service:
    """Return a service on these adapters, its catalogue seeded and its workers not yet started.

    Raises SettingsError where the keys that are there do not suit the settings.
    """
    access = Access(ports.keys, ports.clock, settings.api_key_pepper)
    _check_keys(access, settings)
    support = SupportList(support_entries(settings.crisis_resources), settings.country)
    ports.store.replace_catalogue(catalogue_items())
    metrics = Metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    stopping = threading.Event()
    runner = analysis_runner(ports, settings, metrics, stopping)
    workers = WorkerPool(
        and_sweep(runner.run, ports),
        stopping,
        threads=settings.analysis_workers,
        poll_seconds=settings.queue_poll_seconds,
    )
    wake = ports.wake or workers.wake
    services = use_cases(ports, settings, metrics, access, support, wake=wake, stopping=stopping)
    limits = AppLimits(
        settings.max_body_bytes,
        settings.max_import_bytes,
        settings.allowed_hosts,
        settings.cors_origins,
        RateLimits(
            settings.rate_limit, settings.work_rate_limit, settings.redis_url or "memory://"
        ),
    )
    app = create_app(services, metrics, limits)
    end_traces = _trace(app, settings.otel_exporter_otlp_endpoint)
    return Service(app, services, runner, workers, ports, settings.shutdown_seconds, end_traces)


def _check_keys(access: Access, settings: Settings) -> None:
    any_key = bool(access.all_keys())
    if any_key and not access.required:
        raise SettingsError(
            "API_KEY_PEPPER is not set, but the store holds API keys: set it to what it was when"
            " they were made, or revoke them with `python -m api.keys revoke`."
        )
    if not any_key and not settings.loopback:
        raise SettingsError(
            f"API_HOST is {settings.api_host!r} but must be a loopback address such as 127.0.0.1"
            f" until there is an API key: {HOW_TO_MAKE_A_KEY}."
        )


def _trace(app: Flask, endpoint: str) -> Callable[[], object]:
    """Have the app traced where there is a collector, and return what sends the last traces."""
    if not endpoint:
        return lambda: None
    try:
        from api.telemetry import otlp_processor, trace_app  # only where it is asked for
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs what is not installed: pip install '.[otel]'."
        ) from error
    return trace_app(app, otlp_processor(endpoint)).shutdown
