"""A run of an analysis: claim a lease, ask which model serves, fetch, classify, score, finish.

Every write presents the lease, so a run that lost it changes nothing. A run that ends early leaves
the analysis in the queue, and everything classified so far in the store.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, Protocol

from api.domain.analyses import IMPORTED, Analysis, AnalysisState, Lease, Problem
from api.domain.mood.changes import EarlierMood
from api.domain.mood.results import MoodResult, mood_result, resolve_as_of
from api.domain.mood.scoring import ScoringConfig
from api.domain.posts import interests
from api.errors import LeaseLostError, MoodlineError, SourceRateLimitedError, StoreUnavailableError
from api.failpoints import failpoint
from api.jobs.classify import ClassificationPipeline
from api.jobs.fetch import Access, fetch_new_posts
from api.jobs.holds import HoldWatch
from api.jobs.lease_and_retry import HandBack, LeasedRun, RetryPolicy
from api.logs import about_analysis
from api.ports.clock import Clock
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.languages import LanguageDetector
from api.ports.sources import PostSource
from api.ports.store import Store
from api.problems import UNEXPECTED, ProblemKind, kind_of_error

_log = logging.getLogger(__name__)

_HASHTAGS_KEPT = 20
_MOST_ATTEMPTS = 20
_LONGEST_DEFERRAL = timedelta(days=1)
_LONGEST_PAUSE_SECONDS = 10.0
_SHORTEST_DEFER_SECONDS = 1.0  # a reset that has just passed must not make a busy loop


Stage = Literal["fetch", "classify", "decide"]


class Observer(Protocol):
    """Receiver of metrics about analyses."""

    def analysis(self, state: str) -> None:
        """Count an analysis that reached a state."""

    def running(self) -> AbstractContextManager[object]:
        """Count a run that begins; it lasts as long as the context."""

    def stage(self, name: str, seconds: float) -> None:
        """Record how long a stage of an analysis that has ended took."""


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """Limits of a run: posts per request, requests in flight, and seconds.

    retry_seconds is the retry budget; defer_seconds is the longest deferral at a time while a
    source is rate-limited.
    """

    chunk_posts: int = 256
    requests_in_flight: int = 2
    lease_seconds: float = 60.0
    retry_seconds: float = 120.0
    defer_seconds: float = 900.0


class AnalysisRunner:
    """Runner of analyses, one per call of run, for one owner of leases.

    pause waits for seconds; stopping returns whether the process is shutting down; access returns
    the token of a user who signed in at a source.
    """

    def __init__(
        self,
        store: Store,
        emotions: EmotionClient,
        languages: LanguageDetector,
        sources: Mapping[str, PostSource],
        clock: Clock,
        observer: Observer,
        *,
        scoring: ScoringConfig,
        limits: RunnerLimits,
        owner: str,
        pause: Callable[[float], object],
        stopping: Callable[[], bool],
        access: Access = lambda _request: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._emotions = emotions
        self._languages = languages
        self._sources = sources
        self._access = access
        self._clock = clock
        self._observer = observer
        self._scoring = scoring
        self._limits = limits
        self._owner = owner
        self._stopping = stopping
        self._monotonic = monotonic
        self._watch = HoldWatch(limits.lease_seconds, limits.defer_seconds, monotonic)
        self._retry = RetryPolicy(
            clock,
            monotonic,
            pause,
            budget_seconds=limits.retry_seconds,
            longest_pause_seconds=min(limits.lease_seconds / 3, _LONGEST_PAUSE_SECONDS),
        )

    def run(self, analysis_id: str | None = None) -> bool:
        """Run the named analysis, if it is queued, and return whether it was.

        None stands for one whose lease or deferral is over, else for the oldest in the queue.

        Raises StoreUnavailableError only if nothing could be claimed because of it.
        """
        duration = timedelta(seconds=self._limits.lease_seconds)
        claimed = self._claimed(analysis_id, self._clock(), duration)
        if claimed is None:
            return False
        run = LeasedRun(self._store, *claimed, duration, self._retry, self._stopping)
        with self._observer.running(), about_analysis(run.analysis.analysis_id):
            try:
                self._run(run)
            except (LeaseLostError, StoreUnavailableError) as error:
                # Lost: another run owns it, or it was erased. Store unavailable: the lease expires
                # and the analysis is claimed again.
                _log.warning("run ended early: %s", type(error).__name__)
        return True

    def _claimed(
        self, analysis_id: str | None, now: datetime, duration: timedelta
    ) -> tuple[Analysis, Lease] | None:
        until = now + duration
        if analysis_id is None:
            for hold in self._watch.over(self._store.holds(), now):
                taken = self._store.take_over(hold, owner=self._owner, now=now, until=until)
                if taken is not None:
                    return taken
        return self._store.claim(analysis_id, owner=self._owner, now=now, until=until)

    def _run(self, run: LeasedRun) -> None:
        extra = {"attempt": run.analysis.attempt}
        try:
            if run.analysis.attempt > _MOST_ATTEMPTS:
                detail = f"The analysis did not come to an end in {_MOST_ATTEMPTS} attempts."
                again = "Start it again; report it if that stays so."
                self._fail(run, UNEXPECTED, f"{detail} {again}")
                return
            self._analyse(run)
        except (LeaseLostError, StoreUnavailableError):
            raise
        except HandBack as reason:
            self._store.release(run.lease)
            _log.info("put back in the queue: %s", reason, extra=extra)
        except SourceRateLimitedError as error:
            self._defer(run, error)
        except MoodlineError as error:
            self._fail_with(run, error)
        except Exception:  # noqa: BLE001  the boundary of a job: logged, and the analysis fails
            _log.exception("analysis failed on an unexpected error", extra=extra)
            self._fail(run, UNEXPECTED, UNEXPECTED.about)
        else:
            self._count(run, AnalysisState.SUCCEEDED)
            _log.info("analysis succeeded", extra=_log_fields(run))

    def _analyse(self, run: LeasedRun) -> None:
        request = run.analysis.request
        with self._stage(run, "classify"):
            model = run.retried(partial(self._emotions.model, check=run.hold))
        with self._stage(run, "fetch"):
            if request.source != IMPORTED:
                fetch_new_posts(run, self._store, self._sources, self._access, self._clock)
        failpoint("after-fetch")
        new = self._store.count_unclassified(
            request.user_id, model.key, max_posts=request.max_posts
        )
        stored = self._store.count_posts(request.user_id)
        total = stored if request.max_posts is None else min(stored, request.max_posts)
        run.report(replace(run.progress, reused=total - new, total=total))
        with self._stage(run, "classify"):
            new_ids = ClassificationPipeline(
                run,
                self._store,
                self._emotions,
                self._languages,
                model,
                chunk_posts=self._limits.chunk_posts,
                requests_in_flight=self._limits.requests_in_flight,
            ).classify_all()
        failpoint("after-classify")
        with self._stage(run, "decide"):
            result, hashtags = self._decided(run, model, new_ids)
        run.keep_lease()
        failpoint("before-final-write")
        self._store.finish(
            run.lease,
            at=self._clock(),
            progress=replace(run.progress, place=None),
            mood=result.mood,
            result=result.to_dict(),
            hashtags=hashtags,
        )
        failpoint("after-final-write")

    def _decided(
        self, run: LeasedRun, model: ModelIdentity, new_ids: set[str]
    ) -> tuple[MoodResult, list[str]]:
        """Return the mood result, and the hashtags by which the user is matched."""
        request = run.analysis.request
        posts = self._store.classified_posts(
            request.user_id, model.key, max_posts=request.max_posts
        )
        earlier = self._store.latest_mood(request.user_id)
        now = self._clock()
        result = mood_result(
            posts,
            as_of=resolve_as_of(request.as_of, posts, now),
            now=now,
            config=self._scoring,
            model=model.key,
            earlier=None if earlier is None else EarlierMood(earlier.analysis_id, earlier.result),
            new_ids=new_ids,
        )
        return result, interests((item.post for item in posts), _HASHTAGS_KEPT)

    def _fail(self, run: LeasedRun, kind: ProblemKind, detail: str) -> None:
        ended = replace(run.progress, place=None)
        problem = Problem(kind.slug, kind.title, detail)
        self._store.fail(run.lease, at=self._clock(), progress=ended, problem=problem)
        self._count(run, AnalysisState.FAILED)

    def _count(self, run: LeasedRun, state: AnalysisState) -> None:
        """Count an analysis that has ended, and what its stages took over all of its runs."""
        self._observer.analysis(state.value)
        for stage, seconds in asdict(run.progress.seconds).items():
            self._observer.stage(stage, seconds)

    def _fail_with(self, run: LeasedRun, error: MoodlineError) -> None:
        kind = kind_of_error(error)
        _log.warning("analysis failed: %s: %s", kind.slug, error.detail, extra=_log_fields(run))
        self._fail(run, kind, f"{error.detail} {kind.about}")

    def _defer(self, run: LeasedRun, error: SourceRateLimitedError) -> None:
        """Defer the analysis in the queue until the rate-limit reset, so that no thread waits."""
        now = self._clock()
        if now - run.analysis.created_at > _LONGEST_DEFERRAL:
            self._fail_with(run, error)
            return
        until = min(error.retry_at, now + timedelta(seconds=self._limits.defer_seconds))
        until = max(until, now + timedelta(seconds=_SHORTEST_DEFER_SECONDS))
        run.report(run.progress)  # with the seconds of this run
        self._store.defer(run.lease, until)
        self._observer.analysis("deferred")
        _log.info("deferred until %s: %s", until.isoformat(), error.detail)

    @contextmanager
    def _stage(self, run: LeasedRun, name: Stage) -> Iterator[None]:
        """Add the time within to a stage of the run, whichever way it ends."""
        started = self._monotonic()
        try:
            yield
        finally:
            took = self._monotonic() - started
            seconds = run.progress.seconds
            added = replace(seconds, **{name: getattr(seconds, name) + took})
            run.progress = replace(run.progress, seconds=added)


def _log_fields(run: LeasedRun) -> dict[str, Any]:
    """Return what a log line tells about a run that has ended."""
    stages = asdict(run.progress.seconds).items()
    return {
        "attempt": run.analysis.attempt,
        "posts": run.progress.total,
        **{f"{stage}_seconds": round(seconds, 3) for stage, seconds in stages},
    }
