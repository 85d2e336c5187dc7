"""Prometheus metrics, and wrappers that count calls of the inference server and of sources.

Each app has its own registry. With several processes (gunicorn), prometheus_client keeps the
numbers of each in the folder PROMETHEUS_MULTIPROC_DIR, and any process answers for all.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from api.domain.posts import Classification
from api.errors import MoodlineError, StoreUnavailableError
from api.ports.analysis_queue import Waiting
from api.ports.clock import Clock
from api.ports.emotions import Check, EmotionClient, ModelIdentity
from api.ports.sources import PostSource, SourcePage

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The metrics of one service; every label has a fixed set of values, so memory is bounded.

    shared_folder is that of PROMETHEUS_MULTIPROC_DIR, or None.
    """

    def __init__(self, shared_folder: str | None = None) -> None:
        self._shared_folder = shared_folder
        self._registry = CollectorRegistry()
        self._queue: CollectorRegistry | None = None

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"moodline_{name}", about, labels, registry=self._registry)

        def seconds(name: str, about: str, *labels: str) -> Histogram:
            full_name = f"moodline_{name}_seconds"
            return Histogram(full_name, about, labels, registry=self._registry, buckets=_SECONDS)

        self._requests = counter("requests", "Requests answered.", "method", "route", "status")
        self._request_seconds = seconds(
            "request", "Time until the answer of a request began.", "route"
        )
        self._analyses = counter("analyses", "Analyses that reached a state.", "state")
        self._running = Gauge(
            "moodline_running_analyses",
            "Analyses that this process works on.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._stage_seconds = seconds("stage", "Time that a stage of an analysis took.", "stage")
        self._source_calls = counter(
            "source_calls", "Calls of a source of posts by outcome.", "source", "outcome"
        )
        self._source_reads = counter(
            "source_reads", "Posts and users read from a source.", "source", "kind"
        )
        self._source_cost = counter(
            "source_cost", "Estimate of what a source asks for, in its currency.", "source"
        )
        self._inference_calls = counter(
            "inference_calls", "Calls of the inference server by outcome.", "outcome"
        )
        self._inference_seconds = seconds(
            "inference", "Time of a classification call, with its retries."
        )
        self._inference_texts = counter("inference_texts", "Texts classified.")
        self._retention_held_back = counter(
            "retention_held_back",
            "Retention sweeps that kept what only a jump made old.",
        )
        self._messages_dropped = counter(
            "messages_dropped", "Items of the Redis list that are no wake-up messages."
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; route is its template, or "unmatched"."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def analysis(self, state: str) -> None:
        """Count an analysis that reached a state."""
        self._analyses.labels(state).inc()

    def running(self) -> AbstractContextManager[object]:
        """Count a run that begins; within the context it is one of those that are worked on."""
        self.analysis("running")
        return self._running.track_inprogress()

    def stage(self, name: str, seconds: float) -> None:
        """Record how long a stage of an analysis took."""
        self._stage_seconds.labels(name).observe(seconds)

    def source_call(
        self, source: str, outcome: str, *, posts: int, users: int, cost: float
    ) -> None:
        """Count a call of a source and what it read; outcome is as in inference_call."""
        self._source_calls.labels(source, outcome).inc()
        self._source_reads.labels(source, "posts").inc(posts)
        self._source_reads.labels(source, "users").inc(users)
        self._source_cost.labels(source).inc(cost)

    def inference_call(self, outcome: str, seconds: float, texts: int) -> None:
        """Count a call and the texts it classified; outcome is "succeeded" or an error's name."""
        self._inference_calls.labels(outcome).inc()
        self._inference_seconds.observe(seconds)
        self._inference_texts.inc(texts)

    def message_dropped(self) -> None:
        """Count an item of the Redis list that is no wake-up message."""
        self._messages_dropped.inc()

    def retention_held_back(self) -> None:
        """Count a retention sweep that deleted less than the clock asked for."""
        self._retention_held_back.inc()

    def watch_queue(self, waiting: Callable[[], Waiting], clock: Clock) -> None:
        """Show the queue of analyses in text(), asked for each time."""
        self._queue = CollectorRegistry()
        self._queue.register(_QueueCollector(waiting, clock))

    def serve(self, host: str, port: int) -> None:
        """Serve the metrics on their own port, as in a worker. Raises OSError."""
        start_http_server(port, addr=host, registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        queue = b"" if self._queue is None else generate_latest(self._queue)
        if self._shared_folder is None:
            return generate_latest(self._registry) + queue
        all_processes = CollectorRegistry()
        MultiProcessCollector(all_processes, self._shared_folder)  # type: ignore[no-untyped-call]
        return generate_latest(all_processes) + queue


class _QueueCollector:
    """The queue in the store, the same for every process; nothing while it cannot be read."""

    def __init__(self, waiting: Callable[[], Waiting], clock: Clock) -> None:
        self._waiting = waiting
        self._clock = clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield nothing: registering does not read the store."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield how many analyses wait, and for how long the oldest has."""
        try:
            queue = self._waiting()
        except StoreUnavailableError:
            return
        waited = (self._clock() - queue.oldest).total_seconds() if queue.oldest else 0.0
        yield GaugeMetricFamily(
            "moodline_queue_analyses", "Analyses that wait for a worker.", queue.analyses
        )
        yield GaugeMetricFamily(
            "moodline_queue_oldest_seconds",
            "Time since the oldest of them was asked for.",
            max(0.0, waited),
        )


class MeteredEmotionClient:
    """EmotionClient that counts the calls of another one."""

    def __init__(self, emotions: EmotionClient, metrics: Metrics) -> None:
        self._emotions = emotions
        self._metrics = metrics

    def model(self, *, check: Check | None = None) -> ModelIdentity:
        """Return the identity of the model in use."""
        return self._emotions.model(check=check)

    def ready(self) -> bool:
        """Check whether the server answers and is ready."""
        return self._emotions.ready()

    def classify(self, texts: Sequence[str], *, check: Check | None = None) -> list[Classification]:
        """Classify texts, and count the call by its outcome."""
        started = time.perf_counter()
        outcome, classified = "failed", 0
        try:
            answer = self._emotions.classify(texts, check=check)
            outcome, classified = "succeeded", len(answer)
            return answer
        except MoodlineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.inference_call(outcome, time.perf_counter() - started, classified)


class MeteredPostSource:
    """PostSource that counts the calls of another one."""

    def __init__(self, name: str, source: PostSource, metrics: Metrics) -> None:
        self._name = name
        self._source = source
        self._metrics = metrics
        self.prices = source.prices

    def account(self, name: str, *, signed_in: bool) -> str:
        """Return the canonical name of an account."""
        return self._source.account(name, signed_in=signed_in)

    def page(
        self,
        account: str,
        *,
        at: str | None,
        newer_than: str | None,
        wanted: int | None,
        access: str | None,
    ) -> SourcePage:
        """Make one call, and count it by its outcome."""
        outcome, page = "failed", SourcePage()
        try:
            page = self._source.page(
                account, at=at, newer_than=newer_than, wanted=wanted, access=access
            )
            outcome = "succeeded"
            return page
        except MoodlineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.source_call(
                self._name,
                outcome,
                posts=page.posts_read,
                users=page.users_read,
                cost=self.prices.of(page.posts_read, page.users_read),
            )
