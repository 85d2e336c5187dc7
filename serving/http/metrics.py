"""What the server counts, for Prometheus.

Label values come from fixed tables or from the operator, never from a caller, so that no
request can make the series grow.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from serving.classifier.artifact import ModelArtifact
from serving.http.asgi import Answer
from serving.http.gpu_metrics import CardCollector, open_library
from serving.scheduling.scheduler import RunReport

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
SHORT_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, *SECONDS[:8])
BATCH_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
BATCH_TOKENS = (16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536)
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "moodline_serving_"


class ServerMetrics:
    """Count requests, texts and what the model's runs cost."""

    def __init__(self, artifact: ModelArtifact, provider: str = "cpu") -> None:
        """Make the series in a registry of their own.

        BentoML has several workers write into one directory, which it names in the
        environment; then every scrape adds them up, whichever worker answers it.
        """
        if SHARED_DIRECTORY in os.environ:
            forget_dead_workers(Path(os.environ[SHARED_DIRECTORY]))
        self._registry = CollectorRegistry()
        cards = open_library()
        self._cards = None if cards is None else CardCollector(_PREFIX, cards)
        self._requests = self._counter("requests", "Requests answered", "route", "status", "key")
        self._seconds = self._histogram(
            "request_seconds", "Time from a request's first byte to its answer", SECONDS, "route"
        )
        self._texts = self._counter("texts", "Texts answered with a classification", "key")
        self._failed = self._counter("failed_texts", "Texts that failed even by themselves")
        self._tokens = self._counter("tokens", "Tokens of text that the model read")
        self._padded = self._counter("padded_tokens", "Tokens computed, padding included")
        self._waste = self._counter("padding_tokens", "Tokens computed for nothing: padding alone")
        self._groups = self._counter("groups", "Runs of the model")
        self._batch_texts = self._histogram("batch_texts", "Texts of one run", BATCH_TEXTS)
        self._batch_tokens = self._histogram(
            "batch_tokens", "Tokens of one run, padding included", BATCH_TOKENS
        )
        self._waits = self._histogram(
            "queue_seconds", "Time that a request waited for its first run", SHORT_SECONDS
        )
        self._tokenising = self._histogram(
            "tokenise_seconds", "Time to normalise and tokenise texts of a request", SHORT_SECONDS
        )
        self._inferring = self._histogram(
            "infer_seconds", "Time of one run of the model, its decoding included", SHORT_SECONDS
        )
        self._held = self._gauge("held_texts", "Texts that wait or run", "livesum")
        self._oldest = self._gauge(
            "oldest_request_seconds", "Age of the oldest request that waits or runs", "livemax"
        )
        self._hits = self._counter("cache_hits", "Texts that were answered without a run")
        self._misses = self._counter("cache_misses", "Texts that were looked up in vain")
        self._cached = self._gauge(
            "cache_texts", "Results kept for texts that come again", "livesum"
        )
        Gauge(
            _PREFIX + "model_info",
            "The model that is served, and what runs it",
            ["name", "version", "precision", "provider"],
            multiprocess_mode="max",
            registry=self._registry,
        ).labels(artifact.name, artifact.version, artifact.precision, provider).set(1)

    def answered(self, route: str, status: int, key: str, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, str(status), key).inc()
        self._seconds.labels(route).observe(seconds)

    def classified(self, texts: int, key: str) -> None:
        """Count the texts of a request that was answered with classifications."""
        self._texts.labels(key).inc(texts)

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        """Say how many texts wait or run, and for how long the oldest request has."""
        self._held.set(texts)
        self._oldest.set(oldest_seconds)

    def looked_up(self, hits: int, misses: int, entries: int) -> None:
        """Count the texts of a request that the cache knew and did not know."""
        self._hits.inc(hits)
        self._misses.inc(misses)
        self._cached.set(entries)

    def first_run(self, queued_seconds: float) -> None:
        """Count how long a request waited for its first run."""
        self._waits.observe(queued_seconds)

    def encoded(self, failed: int, seconds: float) -> None:
        """Count how long texts took to encode, and how many of them failed."""
        self._tokenising.observe(seconds)
        self._failed.inc(failed)

    def ran(self, report: RunReport) -> None:
        """Count what a run cost."""
        self._inferring.observe(report.seconds)
        self._batch_texts.observe(report.texts)
        self._batch_tokens.observe(report.padded_tokens)
        self._failed.inc(report.failed)
        self._tokens.inc(report.tokens)
        self._padded.inc(report.padded_tokens)
        self._waste.inc(report.padded_tokens - report.tokens)
        self._groups.inc()

    def page(self) -> Answer:
        """Return everything counted, in Prometheus's text format."""
        registry = self._registry
        if SHARED_DIRECTORY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # has no types
        counted = generate_latest(registry)
        if self._cards is not None:
            counted += generate_latest(self._cards)
        return Answer(200, counted, CONTENT_TYPE_LATEST)

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(_PREFIX + name, documentation, labels, registry=self._registry)

    def _histogram(
        self, name: str, documentation: str, buckets: Sequence[float], *labels: str
    ) -> Histogram:
        return Histogram(
            _PREFIX + name, documentation, labels, buckets=buckets, registry=self._registry
        )

    def _gauge(self, name: str, documentation: str, mode: Literal["livesum", "livemax"]) -> Gauge:
        return Gauge(_PREFIX + name, documentation, multiprocess_mode=mode, registry=self._registry)


def forget_dead_workers(directory: Path) -> None:
    """Drop what workers that have died held last, or it would be added up for ever."""
    for file in directory.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call] # has no types
        except PermissionError:
            continue  # somebody else's process has the number now
