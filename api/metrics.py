"""Count what the service does, for Prometheus; each app has a registry of its own."""

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

from api.domain.posts import Classification
from api.errors import MoodlineError
from api.ports import EmotionClient, ModelIdentity

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Hold the metrics of one service; labels come from closed sets, so memory stays bounded."""

    def __init__(self) -> None:
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

    def inference_call(self, outcome: str, seconds: float, texts: int) -> None:
        """Count a classification call; texts is how many were classified by it."""
        self._inference_calls.labels(outcome).inc()
        self._inference_seconds.observe(seconds)
        self._inference_texts.inc(texts)

    def serve(self, host: str, port: int) -> None:
        """Answer at an address of their own, as in a worker, which has no app. Raises OSError."""
        start_http_server(port, addr=host, registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


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
