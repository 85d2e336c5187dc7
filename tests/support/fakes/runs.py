"""One user, one queued analysis and a runner, with fakes around them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from api.domain.analyses import Analysis, AnalysisRequest, Problem, SourceCost
from api.domain.mood.scoring import preset
from api.jobs.fetch import Access
from api.jobs.runner import AnalysisRunner, RunnerLimits
from api.metrics import Metrics
from api.ports.sources import PostSource, SourcePage
from tests.support.fakes.clock import FakeClock
from tests.support.fakes.emotions import FakeEmotionClient
from tests.support.fakes.languages import FakeLanguageDetector
from tests.support.fakes.sources import FakeSource
from tests.support.fakes.store import FailingStore
from tests.support.posts import posts

LIMITS = RunnerLimits(chunk_posts=4, requests_in_flight=2, lease_seconds=60, retry_seconds=30)


class Setting:
    """One user with posts and the queued analysis a1, with the fakes around them."""

    def __init__(self, count: int = 20) -> None:
        self.store = FailingStore()
        self.emotions = FakeEmotionClient()
        self.languages = FakeLanguageDetector()
        self.clock = FakeClock()
        self.sources: dict[str, PostSource] = {}
        self.access: Access = lambda _request: None
        self.stopping = threading.Event()
        self.runner = self.start_worker("tests")
        self.store.ensure_user("alice", "Alice", self.clock())
        self.store.save_posts("alice", posts(count), self.clock())
        self.queue("a1")

    def queue(self, analysis_id: str, **request: Any) -> None:
        asked = replace(AnalysisRequest("alice"), **request)
        self.store.create_analysis(Analysis(analysis_id, asked, self.clock()), idempotency_key=None)

    def start_worker(self, owner: str) -> AnalysisRunner:
        """Return the runner of a worker that starts now."""
        return AnalysisRunner(
            self.store,
            self.emotions,
            self.languages,
            self.sources,
            self.clock,
            Metrics(),
            scoring=preset("default"),
            limits=LIMITS,
            owner=owner,
            pause=self.clock.pause,
            stopping=self.stopping.is_set,
            access=lambda request: self.access(request),
            monotonic=self.clock.monotonic,
        )

    def run(self) -> bool:
        return self.runner.run()

    def run_after_lease(self) -> bool:
        """Let the worker see what another one left, wait for a lease, and look again."""
        assert not self.runner.run()
        self.clock.pause(LIMITS.lease_seconds)
        return self.runner.run()

    def run_again(self, **request: Any) -> None:
        """Forget the calls so far and run a second analysis, a2."""
        self.emotions.calls.clear()
        self.queue("a2", **request)
        self.run()

    def emotions_down(self, *, at_call: int) -> None:
        self.emotions.before_answer = on_call(at_call, lambda: setattr(self.emotions, "down", True))

    def unclassified(self) -> int:
        count: int = self.store.count_unclassified("alice", "fake@1", max_posts=None)
        return count

    def analysis(self, analysis_id: str = "a1") -> Analysis:
        found: Analysis | None = self.store.analysis(analysis_id)
        assert found is not None
        return found

    def problem(self, analysis_id: str = "a1") -> Problem:
        problem = self.analysis(analysis_id).problem
        assert problem is not None
        return problem

    def cost(self, analysis_id: str) -> SourceCost:
        cost = self.analysis(analysis_id).progress.source_cost
        assert cost is not None
        return cost

    def mark(self) -> str | None:
        mark: str | None = self.store.source_mark("alice", "x", "alice")
        return mark


def fetching(*answers: SourcePage | BaseException, **request: Any) -> tuple[Setting, FakeSource]:
    """Return a setting without posts whose analysis a2 fetches from source x, and the source."""
    setting = Setting(count=0)
    setting.store.cancel("a1", setting.clock())
    source = FakeSource(*answers)
    setting.sources["x"] = source
    setting.queue("a2", source="x", **request)
    return setting, source


def fetch_again(setting: Setting, *answers: SourcePage | BaseException, **more: Any) -> FakeSource:
    """Run the analysis a3 of a source that gives these answers, and return the source."""
    source = FakeSource(*answers)
    setting.sources["x"] = source
    setting.queue("a3", source="x", **more)
    setting.run()
    return source


def on_call(number: int, action: Callable[[], object]) -> Callable[[int], None]:
    """Return what FakeEmotionClient runs before it answers: an action, once, at that call."""
    done = threading.Event()

    def before_answer(calls: int) -> None:
        if calls >= number and not done.is_set():
            done.set()
            action()

    return before_answer
