"""Wire settings, adapters, use cases and the app: the one place that knows them all."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

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
from api.jobs import AnalysisRunner, RunnerLimits, Sweeper
from api.logs import trace_id
from api.metrics import MeteredEmotionClient, MeteredPostSource, Metrics
from api.ports.clock import Clock
from api.ports.emotions import EmotionClient
from api.ports.keys import KeyStore
from api.ports.post_files import PostFileReader
from api.ports.sign_ins import Sealer, SignInProvider
from api.ports.sources import PostSource
from api.ports.store import Retention, Store
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
    SignIns,
    Sources,
)
from api.settings import Settings, SettingsError
from api.wired_sources import wire_sources
from api.worker_pool import WorkerPool

if TYPE_CHECKING:
    from api.adapters.celery_queue import CeleryQueue
    from api.adapters.mongo_store import MongoStore


@dataclass(frozen=True, slots=True)
class Ports:
    """Hold the adapters that the service stands on; tests pass fakes here.

    wake tells workers in other processes of an analysis; None where the service has its own.
    """

    store: Store
    emotions: EmotionClient
    readers: Mapping[str, PostFileReader]
    sources: Mapping[str, PostSource]
    clock: Clock
    close: Callable[[], None]
    keys: KeyStore
    sign_in: SignInProvider | None = None
    sealer: Sealer | None = None
    wake: Callable[[str], None] | None = None
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


def readers(clock: Clock) -> dict[str, PostFileReader]:
    """Return the readers of files by the kind that api.domain.post_files tells."""
    return {
        "archive": ArchiveReader(clock),
        "jsonl": JsonLinesReader(clock),
        "csv": CsvReader(clock),
    }


def open_store(settings: Settings) -> SqliteStore | MongoStore:
    """Return the store that the settings name. Raises StoreUnavailableError."""
    retention = Retention(
        posts=timedelta(days=settings.posts_retention_days),
        moods=timedelta(days=settings.moods_retention_days),
    )
    if settings.store_is_mongo:
        from api.adapters.mongo_store import MongoStore  # not at the top: the driver is large

        return MongoStore(settings.store_url, retention=retention)
    return SqliteStore(settings.store_path, retention=retention)


def adapters(settings: Settings) -> Ports:
    """Return the adapters that the settings ask for.

    Raises StoreUnavailableError where the store cannot be opened, and SettingsError where what a
    setting needs is not installed.
    """
    store = open_store(settings)
    emotions = HttpEmotionClient(
        settings.inference_url,
        timeout_seconds=settings.inference_timeout_seconds,
        key=settings.inference_key,
        trace_id=trace_id,
    )
    queue = _queue(settings)
    sources = wire_sources(settings, _now)

    def close() -> None:
        if queue is not None:
            queue.close()
        sources.close()
        emotions.close()
        store.close()

    return Ports(
        store,
        emotions,
        readers(_now),
        sources.by_name,
        _now,
        close,
        keys=store,
        sign_in=sources.sign_in,
        sealer=sources.sealer,
        wake=None if queue is None else queue.wake,
        probes=_probes(settings),
    )


def _probes(settings: Settings) -> dict[str, Callable[[], bool]]:
    asked = {"redis": settings.redis_url, "queue": settings.queue_url}
    return {name: redis_probe(url) for name, url in asked.items() if url}


def _queue(settings: Settings) -> CeleryQueue | None:
    if not settings.queue_url:
        return None
    # Not at the top: the API by itself needs no Celery, neither installed nor in its memory.
    try:
        from api.adapters.celery_queue import CeleryQueue
    except ImportError as error:
        raise SettingsError(
            "QUEUE_URL is set, which needs the extra `production` (Celery and Redis's client)."
        ) from error
    return CeleryQueue(settings.queue_url, lease_seconds=settings.lease_seconds)


def _now() -> datetime:
    return datetime.now(UTC)


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
        access=_sign_ins(ports, settings).access,
    )


def and_sweep(run: Callable[[], bool], ports: Ports) -> Callable[[], bool]:
    """Return what has the store forget what it kept long enough, where due, before each run."""
    sweeper = Sweeper(ports.store, ports.clock)

    def work() -> bool:
        sweeper.sweep_when_due()
        return run()

    return work


def _sign_ins(ports: Ports, settings: Settings) -> SignIns:
    return SignIns(
        ports.store,
        ports.clock,
        lambda: secrets.token_urlsafe(32),
        provider=ports.sign_in,
        sealer=ports.sealer,
        over_tls=(settings.x_redirect_uri or "").startswith("https:"),
    )


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
    sign_ins = _sign_ins(ports, settings)
    sources = Sources(ports.sources, sign_ins)
    runner = analysis_runner(ports, settings, metrics, stopping)
    workers = WorkerPool(
        and_sweep(runner.run, ports),
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
            ports.wake or workers.wake,
            lambda: uuid.uuid4().hex,
            metrics.analysis,
            sources=sources,
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
        sources=sources,
        sign_ins=sign_ins,
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
