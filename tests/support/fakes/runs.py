"""Set up one user, one queued analysis and a runner around fakes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.scoring import preset
from api.jobs.fetch import Access
from api.jobs.runner import AnalysisRunner, RunnerLimits
from api.metrics import Metrics
from api.ports.sources import PostSource
from tests.support.fakes.clock import FakeClock
from tests.support.fakes.emotions import FakeEmotionClient
from tests.support.fakes.store import FailingStore
from tests.support.posts import posts

LIMITS = RunnerLimits(chunk_posts=4, requests_in_flight=2, lease_seconds=60, retry_seconds=30)


class Setting:
    """Hold one user with posts and one queued analysis, and the fakes around them."""

    def __init__(self, count: int = 20) -> None:
        self.store = FailingStore()
        self.emotions = FakeEmotionClient()
        self.clock = FakeClock()
        self.sources: dict[str, PostSource] = {}
        self.access: Access = lambda _request: None
        self.stopping = threading.Event()
        self.store.ensure_user("alice", "Alice", self.clock())
        self.store.save_posts("alice", posts(count), self.clock())
        self.queue("a1")

    def queue(self, analysis_id: str, **request: object) -> None:
        asked = replace(AnalysisRequest("alice"), **request)  # type: ignore[arg-type]
        self.store.create_analysis(Analysis(analysis_id, asked, self.clock()), idempotency_key=None)

    def runner(self, limits: RunnerLimits = LIMITS) -> AnalysisRunner:
        return AnalysisRunner(
            self.store,
            self.emotions,
            self.sources,
            self.clock,
            Metrics(),
            scoring=preset("default"),
            limits=limits,
            owner="tests",
            pause=self.clock.pause,
            stopping=self.stopping.is_set,
            access=self.access,
        )

    def analysis(self, analysis_id: str = "a1") -> Analysis:
        found: Analysis | None = self.store.analysis(analysis_id)
        assert found is not None
        return found


def on_call(number: int, action: Callable[[], object]) -> Callable[[int], None]:
    """Return what FakeEmotionClient runs before it answers: an action, once, at that call."""
    done = threading.Event()

    def before_answer(calls: int) -> None:
        if calls >= number and not done.is_set():
            done.set()
            action()

    return before_answer
