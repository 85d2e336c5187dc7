"""Wire settings, adapters, use cases and the app: the one place that knows them all."""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from flask import Flask

from api.adapters.archive_source import ArchiveReader
from api.adapters.csv_source import CsvReader
from api.adapters.inference_http import HttpEmotionClient
from api.adapters.jsonl_source import JsonLinesReader
from api.adapters.redis_probe import redis_probe
from api.adapters.sqlite_store import SqliteStore
from api.app import AppLimits, create_app
from api.domain.catalogue import parse_catalogue
from api.domain.scoring_config import preset
from api.domain.support import SupportEntry, SupportList, parse_support
from api.jobs import AnalysisRunner, RunnerLimits
from api.logs import trace_id
from api.metrics import MeteredEmotionClient, Metrics
from api.ports import Clock, EmotionClient, KeyStore, PostFileReader, PostSource, Store
from api.routes.limits import RateLimits
from api.services import (
    HOW_TO_MAKE_A_KEY,
    Access,
    Analyses,
    Health,
    Imports,
    LongCalls,
    Moods,
    Privacy,
    Services,
)
from api.settings import Settings, SettingsError
from api.worker_pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Ports:
    """Hold the adapters that the service stands on; tests pass fakes here."""

    store: Store
    emotions: EmotionClient
    readers: Mapping[str, PostFileReader]
    sources: Mapping[str, PostSource]
    clock: Clock
    close: Callable[[], None]
    keys: KeyStore
    probes: Mapping[str, Callable[[], bool]] = field(default_factory=dict)


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
        """Take up the analyses that wait, also those left by an earlier process."""
        self.workers.start()

    def begin_stop(self) -> None:
        """Tell workers and open answers to come to an end, without waiting for them."""
        self.workers.begin_stop()

    def stop(self) -> None:
        """Let running analyses go back to the queue, then close the adapters."""
        if self.workers.stop(self.shutdown_seconds):
            self.ports.close()
        self.end_traces()


def readers(clock: Clock) -> dict[str, PostFileReader]:
    """Return the readers of files by the kind that api.domain.post_files tells."""
    return {
        "archive": ArchiveReader(clock),
        "jsonl": JsonLinesReader(clock),
        "csv": CsvReader(clock),
    }


def adapters(settings: Settings) -> Ports:
    """Return the adapters that the settings ask for.

    Raises StoreUnavailableError where the store cannot be opened.
    """
    store = SqliteStore(settings.store_path)
    emotions = HttpEmotionClient(
        settings.inference_url,
        timeout_seconds=settings.inference_timeout_seconds,
        key=settings.inference_key,
        trace_id=trace_id,
    )

    def close() -> None:
        emotions.close()
        store.close()

    probes = {"redis": redis_probe(settings.redis_url)} if settings.redis_url else {}
    return Ports(store, emotions, readers(_now), {}, _now, close, keys=store, probes=probes)


def _now() -> datetime:
    return datetime.now(UTC)


def wire(ports: Ports, settings: Settings) -> Service:
    """Return a service on these adapters, its catalogue seeded and its workers not yet started.

    Raises SettingsError where the keys that are there do not suit the settings.
    """
    access = Access(ports.keys, ports.clock, settings.api_key_pepper)
    _check_keys(access, settings)
    support = SupportList(support_entries(settings.crisis_resources), settings.country)
    catalogue = resources.files("api").joinpath("catalogue.json").read_bytes()
    ports.store.replace_catalogue(parse_catalogue(json.loads(catalogue)))
    metrics = Metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    scoring = preset(settings.scoring)
    stopping = threading.Event()
    runner = AnalysisRunner(
        ports.store,
        MeteredEmotionClient(ports.emotions, metrics),
        ports.sources,
        ports.clock,
        metrics,
        scoring=scoring,
        limits=RunnerLimits(
            chunk_posts=settings.chunk_posts,
            requests_in_flight=settings.requests_in_flight,
            lease_seconds=settings.lease_seconds,
            retry_seconds=settings.inference_retry_seconds,
        ),
        owner=f"{socket.gethostname()}-{os.getpid()}",
        pause=stopping.wait,
        stopping=stopping.is_set,
    )
    workers = WorkerPool(
        runner.run,
        stopping,
        threads=settings.analysis_workers,
        poll_seconds=settings.queue_poll_seconds,
    )
    services = Services(
        imports=Imports(
            ports.store, ports.readers, ports.clock, max_bytes=settings.max_import_bytes
        ),
        analyses=Analyses(
            ports.store,
            ports.clock,
            workers.wake,
            lambda: uuid.uuid4().hex,
            lambda: metrics.analysis("queued"),
            sources=ports.sources.keys(),
            long_calls=LongCalls(
                wait=stopping.wait,
                at_once=settings.long_calls,
                longest=settings.long_call_seconds,
                poll=settings.event_poll_seconds,
                heartbeat=settings.event_heartbeat_seconds,
            ),
        ),
        moods=Moods(ports.store, ports.clock, scoring),
        privacy=Privacy(ports.store, ports.clock),
        health=Health(ports.store, ports.emotions, ports.probes),
        access=access,
        support=support,
    )
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


def support_entries(own_file: Path | None) -> list[SupportEntry]:
    """Return the entries of the operator's file, or of the one that is shipped.

    Raises SettingsError where they cannot be read.
    """
    file = own_file or resources.files("api").joinpath("support.json")
    try:
        return parse_support(json.loads(file.read_bytes()))
    except OSError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error}.") from error
