"""What the server counts, for Prometheus.

Label values come from fixed tables or from the operator, never from a caller, so that no
request can make the series grow.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from serving.artifact import ModelArtifact
from serving.asgi import Answer
from serving.batching import BatchReport

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
BATCH_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "moodline_serving_"


class ServerMetrics:
    """Count requests, texts and what the model's runs cost."""

    def __init__(self, artifact: ModelArtifact) -> None:
        """Make the series in a registry of their own.

        BentoML has several workers write into one directory, which it names in the
        environment; then every scrape adds them up, whichever worker answers it.
        """
        if SHARED_DIRECTORY in os.environ:
            forget_dead_workers(Path(os.environ[SHARED_DIRECTORY]))
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests answered", "route", "status", "key")
        self._seconds = Histogram(
            _PREFIX + "request_seconds",
            "Time from a request's first byte to its answer",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._texts = self._counter("texts", "Texts classified", "key")
        self._failed = self._counter("failed_texts", "Texts that failed even by themselves")
        self._tokens = self._counter("tokens", "Tokens of text that the model read")
        self._padded = self._counter("padded_tokens", "Tokens computed, padding included")
        self._groups = self._counter("groups", "Runs of the model")
        self._batch = Histogram(
            _PREFIX + "batch_texts",
            "Texts that were classified together",
            buckets=BATCH_TEXTS,
            registry=self._registry,
        )
        self._waits = Histogram(
            _PREFIX + "queue_seconds",
            "Time that a request waited for its turn",
            buckets=(0.0, *SECONDS),
            registry=self._registry,
        )
        self._held = Gauge(
            _PREFIX + "held_texts",
            "Texts that wait or run",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        Gauge(
            _PREFIX + "model",
            "The model that is served",
            ["name", "version", "precision"],
            multiprocess_mode="max",
            registry=self._registry,
        ).labels(artifact.name, artifact.version, artifact.precision).set(1)

    def answered(self, route: str, status: int, key: str, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, str(status), key).inc()
        self._seconds.labels(route).observe(seconds)

    def classified(self, texts: int, key: str) -> None:
        """Count the texts of a request that was answered with classifications."""
        self._texts.labels(key).inc(texts)

    def held(self, texts: int) -> None:
        """Say how many texts wait or run."""
        self._held.set(texts)

    def waited(self, seconds: float) -> None:
        """Count how long a request waited for its turn."""
        self._waits.observe(seconds)

    def batch(self, report: BatchReport) -> None:
        """Count what a batch cost."""
        self._batch.observe(report.texts)
        self._failed.inc(report.failed)
        self._tokens.inc(report.tokens)
        self._padded.inc(report.padded_tokens)
        self._groups.inc(report.groups)

    def page(self) -> Answer:
        """Return everything counted, in Prometheus's text format."""
        registry = self._registry
        if SHARED_DIRECTORY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # has no types
        return Answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(_PREFIX + name, documentation, labels, registry=self._registry)


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
