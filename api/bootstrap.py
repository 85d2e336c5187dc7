"""Wire settings, adapters, use cases and the app: the one place that knows them all."""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

from flask import Flask

from api.adapters.archive_source import ArchiveReader
from api.adapters.csv_source import CsvReader
from api.adapters.inference_http import HttpEmotionClient
from api.adapters.jsonl_source import JsonLinesReader
from api.adapters.mongo_store import MongoStore
from api.adapters.sqlite_store import SqliteStore
from api.app import AppLimits, create_app
from api.domain.catalogue import parse_catalogue
from api.domain.scoring_config import preset
from api.jobs import AnalysisRunner, RunnerLimits, Sweeper
from api.metrics import MeteredEmotionClient, Metrics
from api.ports import Clock, EmotionClient, PostFileReader, PostSource, Retention, Store
from api.services import Analyses, Health, Imports, LongCalls, Moods, Privacy, Services
from api.settings import Settings
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


@dataclass(frozen=True, slots=True)
class Service:
    """Hold a wired service: its app, and the workers, which start() sets to work."""

    app: Flask
    services: Services
    runner: AnalysisRunner
    workers: WorkerPool
    ports: Ports
    shutdown_seconds: float

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


def readers(clock: Clock) -> dict[str, PostFileReader]:
    """Return the readers of files by the kind that api.domain.post_files tells."""
    return {
        "archive": ArchiveReader(clock),
        "jsonl": JsonLinesReader(clock),
        "csv": CsvReader(clock),
    }


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name. Raises StoreUnavailableError."""
    retention = Retention(
        posts=timedelta(days=settings.posts_retention_days),
        moods=timedelta(days=settings.moods_retention_days),
    )
    if settings.store_is_mongo:
        return MongoStore(settings.store_url, retention=retention)
    return SqliteStore(settings.store_path, retention=retention)


def adapters(settings: Settings) -> Ports:
    """Return the adapters that the settings ask for.

    Raises StoreUnavailableError where the store cannot be opened.
    """
    store = open_store(settings)
    emotions = HttpEmotionClient(
        settings.inference_url,
        timeout_seconds=settings.inference_timeout_seconds,
        key=settings.inference_key,
    )

    def close() -> None:
        emotions.close()
        store.close()

    return Ports(store, emotions, readers(_now), {}, _now, close)


def _now() -> datetime:
    return datetime.now(UTC)


def wire(ports: Ports, settings: Settings) -> Service:
    """Return a service on these adapters, its catalogue seeded and its workers not yet started."""
    catalogue = resources.files("api").joinpath("catalogue.json").read_bytes()
    ports.store.replace_catalogue(parse_catalogue(json.loads(catalogue)))
    metrics = Metrics()
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
    sweeper = Sweeper(ports.store, ports.clock)

    def work() -> bool:
        sweeper.sweep_when_due()
        return runner.run()

    workers = WorkerPool(
        work,
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
        health=Health(ports.store, ports.emotions),
    )
    limits = AppLimits(settings.max_body_bytes, settings.max_import_bytes, settings.allowed_hosts)
    app = create_app(services, metrics, limits)
    return Service(app, services, runner, workers, ports, settings.shutdown_seconds)
