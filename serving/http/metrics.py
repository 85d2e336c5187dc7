"""Prometheus metrics of the server and of its GPUs.

Label values come from fixed tables or from the operator, never from a caller, so that no
request can make the series grow.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from serving.classifier.artifact import ModelArtifact
from serving.http.messages import Answer
from serving.scheduling.scheduler import RunReport

logger = logging.getLogger(__name__)

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
SHORT_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, *SECONDS[:8])
BATCH_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
BATCH_TOKENS = (16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536)
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "moodline_serving_"


class ServerMetrics:
    """Counts of requests, texts and model runs; observer of queue, cache and scheduler."""

    def __init__(self, artifact: ModelArtifact, provider: str = "cpu") -> None:
        """Create the series in a registry of their own.

        With several workers BentoML sets a directory for all of them in the environment; then
        every scrape adds them up, whichever worker answers it.
        """
        if SHARED_DIRECTORY in os.environ:
            forget_dead_workers(Path(os.environ[SHARED_DIRECTORY]))
        self._registry = CollectorRegistry()
        nvml = open_nvml()
        self._gpus = None if nvml is None else GpuCollector(_PREFIX, nvml)
        self._requests = self._counter("requests", "Requests answered", "route", "status", "key")
        self._seconds = self._histogram(
            "request_seconds", "Time from a request's first byte to its answer", SECONDS, "route"
        )
        self._refused = self._counter(
            "refused_connections",
            "Requests refused before they were whole, by status; `none`: connections closed to make"
            " room",
            "status",
        )
        self._texts = self._counter("texts", "Texts answered with a classification", "key")
        self._failed = self._counter("failed_texts", "Texts that could not be classified")
        self._tokens = self._counter("tokens", "Tokens of text that the model read")
        self._padded = self._counter("padded_tokens", "Tokens computed, padding included")
        self._waste = self._counter("padding_tokens", "Tokens computed for nothing: padding only")
        self._groups = self._counter("groups", "Runs of the model")
        self._batch_texts = self._histogram("batch_texts", "Texts of one run", BATCH_TEXTS)
        self._batch_tokens = self._histogram(
            "batch_tokens", "Tokens of one run, padding included", BATCH_TOKENS
        )
        self._waits = self._histogram(
            "queue_seconds", "Time that a request was queued before its first run", SHORT_SECONDS
        )
        self._tokenising = self._histogram(
            "tokenise_seconds", "Time to normalise and tokenise texts of a request", SHORT_SECONDS
        )
        self._inferring = self._histogram(
            "infer_seconds", "Time of one run of the model, its decoding included", SHORT_SECONDS
        )
        self._held = self._gauge("held_texts", "Texts that are queued or running", "livesum")
        self._oldest = self._gauge(
            "oldest_request_seconds",
            "Age of the oldest request that is queued or running",
            "livemax",
        )
        self._hits = self._counter("cache_hits", "Texts that were answered without a run")
        self._misses = self._counter("cache_misses", "Texts that were not in the cache")
        self._cached = self._gauge("cache_texts", "Results in the cache", "livesum")
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

    def connection_refused(self, status: int | None) -> None:
        """Count what was refused by its connection, so that no request is counted."""
        self._refused.labels("none" if status is None else str(int(status))).inc()

    def classified(self, texts: int, key: str) -> None:
        """Count the texts of a request that was answered with classifications."""
        self._texts.labels(key).inc(texts)

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        self._held.set(texts)
        self._oldest.set(oldest_seconds)

    def looked_up(self, hits: int, misses: int, entries: int) -> None:
        self._hits.inc(hits)
        self._misses.inc(misses)
        self._cached.set(entries)

    def first_run(self, queued_seconds: float) -> None:
        self._waits.observe(queued_seconds)

    def encoded(self, failed: int, seconds: float) -> None:
        self._tokenising.observe(seconds)
        self._failed.inc(failed)

    def ran(self, report: RunReport) -> None:
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
        if self._gpus is not None:
            counted += generate_latest(self._gpus)
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
    """Delete the gauges of workers that have died, or they would be added up forever."""
    for file in directory.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call] # has no types
        except PermissionError:
            continue  # somebody else's process has the number now


@dataclass(frozen=True, slots=True)
class GpuReading:
    """Bytes of one GPU's memory, and the share of time that it computed (0 to 1)."""

    gpu: str
    memory_used: int
    memory_total: int
    utilisation: float


def open_nvml() -> Any | None:
    """Return NVIDIA's management library, started, or None without it or without a GPU.

    It is the package nvidia-ml-py (the extra `gpu`).
    """
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def read_gpus(library: Any) -> list[GpuReading]:
    """Return a reading per GPU; a GPU's name in metrics is its number."""
    readings = []
    for number in range(library.nvmlDeviceGetCount()):
        gpu = library.nvmlDeviceGetHandleByIndex(number)
        memory = library.nvmlDeviceGetMemoryInfo(gpu)
        busy = library.nvmlDeviceGetUtilizationRates(gpu).gpu / 100
        readings.append(GpuReading(str(number), int(memory.used), int(memory.total), busy))
    return readings


class GpuCollector(Collector):
    """Prometheus collector that reads every GPU at each scrape."""

    def __init__(self, prefix: str, library: Any) -> None:
        self._prefix = prefix
        self._library = library

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return nothing: the series depend on the GPUs."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield memory and utilisation; nothing when the GPUs cannot be read now."""
        try:
            readings = read_gpus(self._library)
        except self._library.NVMLError:
            logger.exception("the GPUs cannot be read")
            return
        for name, words, field in (
            ("gpu_memory_used_bytes", "GPU memory in use, by any process", "memory_used"),
            ("gpu_memory_total_bytes", "GPU memory", "memory_total"),
            ("gpu_utilisation", "Share of the last moments that the GPU computed", "utilisation"),
        ):
            family = GaugeMetricFamily(self._prefix + name, words, labels=["gpu"])
            for reading in readings:
                family.add_metric([reading.gpu], getattr(reading, field))
            yield family
