"""Wiring of the whole service: its app, its worker threads and the data files shipped with it."""

import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from flask import Flask

from api.bootstrap.adapters import Ports
from api.bootstrap.use_cases import analysis_workers, use_cases
from api.domain.catalogue import parse_catalogue
from api.domain.crisis_support import SupportEntry, SupportList, parse_support
from api.jobs.runner import AnalysisRunner
from api.metrics import Metrics
from api.routes.app import create_app
from api.runtime.worker_pool import WorkerPool
from api.services import Services
from api.services.access import Access
from api.settings import Settings, SettingsError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """The wired service: its app, and its worker threads once start() was called."""

    app: Flask
    services: Services
    runner: AnalysisRunner
    workers: WorkerPool
    ports: Ports
    shutdown_seconds: float
    end_traces: Callable[[], object]

    def start(self) -> None:
        """Start the worker threads, unless worker processes run the analyses."""
        if self.ports.wake is None:
            self.workers.start()

    def stop(self) -> None:
        """Return running analyses to the queue, close the adapters and send the last traces."""
        if self.workers.stop(self.shutdown_seconds):
            self.ports.close()
        self.end_traces()


def wire(ports: Ports, settings: Settings) -> Service:
    """Return a service on these adapters, with its catalogue stored and its workers not started.

    Raises SettingsError if the stored API keys contradict the settings.
    """
    access = Access(ports.keys, ports.clock, settings.api_key_pepper, settings.api_key_pepper_old)
    _check_keys(access)
    support = SupportList(support_entries(settings.crisis_resources), settings.country)
    catalogue = resources.files("api").joinpath("catalogue.json")
    ports.store.replace_catalogue(parse_catalogue(json.loads(catalogue.read_bytes())))
    metrics = Metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    metrics.watch_queue(ports.store.waiting, ports.clock)
    stopping = threading.Event()
    runner, workers = analysis_workers(
        ports, settings, metrics, stopping, threads=settings.analysis_workers
    )
    wake = ports.wake or workers.wake
    services = use_cases(ports, settings, metrics, access, support, wake=wake, stopping=stopping)
    app = create_app(services, metrics, settings)
    end_traces = _trace(app, settings.otel_exporter_otlp_endpoint)
    return Service(app, services, runner, workers, ports, settings.shutdown_seconds, end_traces)


def support_entries(own_file: Path | None) -> list[SupportEntry]:
    """Return the helplines of the operator's file, or of the one shipped with the API.

    Raises SettingsError if the file cannot be read.
    """
    file = own_file or resources.files("api").joinpath("support.json")
    try:
        return parse_support(json.loads(file.read_bytes()))
    except OSError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error}.") from error


def _check_keys(access: Access) -> None:
    any_key = bool(access.all_keys())
    if any_key and not access.required:
        raise SettingsError(
            "API_KEY_PEPPER is not set, but the store holds API keys: set it to what it was when"
            " they were made, or revoke them with `python -m api.keys revoke`."
        )
    if not any_key and access.required:
        _log.warning(
            "There is no API key yet, so every call is refused: `python -m api.keys first` makes"
            " the first one and shows it, once."
        )


def _trace(app: Flask, endpoint: str) -> Callable[[], object]:
    # Returns the function that sends the last traces at shutdown.
    if not endpoint:
        return lambda: None
    try:
        from api.telemetry import otlp_processor, trace_app  # an optional extra
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs what is not installed: pip install '.[otel]'."
        ) from error
    return trace_app(app, otlp_processor(endpoint)).shutdown
