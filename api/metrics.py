"""Count what the service does, for Prometheus; each app has a registry of its own.

Where several processes serve (gunicorn), PROMETHEUS_MULTIPROC_DIR names a folder in which
prometheus_client keeps the numbers of each, and any of them answers for all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from api.domain.posts import Classification
from api.errors import MoodlineError
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.sources import PostSource, SourcePage

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Hold the metrics of one service; labels come from closed sets, so memory stays bounded.

    shared_folder is that of PROMETHEUS_MULTIPROC_DIR, or None.
    """

    def __init__(self, shared_folder: str | None = None) -> None:
        self._shared_folder = shared_folder
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "moodline_requests", "Requests answered.",
            ["method", "route", "status"], registry=self._registry,
        )  # fmt: skip
        self._request_seconds = Histogram(
            "moodline_request_seconds", "Time until the answer of a request began.",
            ["route"], registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._analyses = Counter(
            "moodline_analyses", "Analyses that reached a state.",
            ["state"], registry=self._registry,
        )  # fmt: skip
        self._stage_seconds = Histogram(
            "moodline_stage_seconds", "Time that a stage of an analysis took.",
            ["stage"], registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._source_calls = Counter(
            "moodline_source_calls", "Calls of a source of posts by outcome.",
            ["source", "outcome"], registry=self._registry,
        )  # fmt: skip
        self._source_reads = Counter(
            "moodline_source_reads", "Posts and users read from a source.",
            ["source", "kind"], registry=self._registry,
        )  # fmt: skip
        self._source_cost = Counter(
            "moodline_source_cost", "Estimate of what a source asks for, in its currency.",
            ["source"], registry=self._registry,
        )  # fmt: skip
        self._inference_calls = Counter(
            "moodline_inference_calls", "Calls of the inference server by outcome.",
            ["outcome"], registry=self._registry,
        )  # fmt: skip
        self._inference_seconds = Histogram(
            "moodline_inference_seconds", "Time of a classification call, with its retries.",
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._inference_texts = Counter(
            "moodline_inference_texts", "Texts classified.", registry=self._registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; route is its template, or "unmatched"."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def analysis(self, state: str) -> None:
        """Count an analysis that reached a state."""
        self._analyses.labels(state).inc()

    def stage(self, name: str, seconds: float) -> None:
        """Note how long a stage of an analysis took."""
        self._stage_seconds.labels(name).observe(seconds)

    def source_call(
        self, source: str, outcome: str, *, posts: int, users: int, cost: float
    ) -> None:
        """Count a call of a source, and what was read by it; outcome is as of inference_call."""
        self._source_calls.labels(source, outcome).inc()
        self._source_reads.labels(source, "posts").inc(posts)
        self._source_reads.labels(source, "users").inc(users)
        self._source_cost.labels(source).inc(cost)

    def inference_call(self, outcome: str, seconds: float, texts: int) -> None:
        """Count a classification call; texts is how many were classified by it.

        outcome is "succeeded" or the kind of the fault.
        """
        self._inference_calls.labels(outcome).inc()
        self._inference_seconds.observe(seconds)
        self._inference_texts.inc(texts)

    def serve(self, host: str, port: int) -> None:
        """Answer at an address of their own, as in a worker, which has no app. Raises OSError."""
        start_http_server(port, addr=host, registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        if self._shared_folder is None:
            return generate_latest(self._registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all, self._shared_folder)  # type: ignore[no-untyped-call]
        return generate_latest(of_all)


class MeteredEmotionClient:
    """Be an EmotionClient that counts the calls of another one."""

    def __init__(self, emotions: EmotionClient, metrics: Metrics) -> None:
        self._emotions = emotions
        self._metrics = metrics

    def model(self) -> ModelIdentity:
        """Name the model that answers now."""
        return self._emotions.model()

    def ready(self) -> bool:
        """Tell whether the server answers and is ready."""
        return self._emotions.ready()

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts, and count the call by its outcome."""
        started = time.perf_counter()
        outcome, classified = "failed", 0
        try:
            answer = self._emotions.classify(texts)
            outcome, classified = "succeeded", len(answer)
            return answer
        except MoodlineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.inference_call(outcome, time.perf_counter() - started, classified)


class MeteredPostSource:
    """Be a PostSource that counts the calls of another one."""

    def __init__(self, name: str, source: PostSource, metrics: Metrics) -> None:
        self._name = name
        self._source = source
        self._metrics = metrics
        self.prices = source.prices

    def account(self, name: str, *, signed_in: bool) -> str:
        """Return the one spelling of an account's name."""
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
