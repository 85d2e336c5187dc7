"""Run an analysis from claim to result.

Claim a lease, ask which model serves, fetch, classify what is new, score, finish. Every write
presents the lease, so a run that lost it changes nothing. A run that ends early leaves the
analysis in the queue with all that was classified.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from api.domain import results
from api.domain.analyses import Analysis, Problem
from api.domain.posts import interests
from api.domain.scoring import ScoringConfig
from api.errors import (
    LeaseLostError,
    MoodlineError,
    RetryableError,
    SourceRateLimitedError,
    StoreUnavailableError,
)
from api.jobs.fetch import Access, FetchStage
from api.jobs.lease import HeldLease
from api.jobs.patience import Patience
from api.jobs.pipeline import ClassificationPipeline, HandBack
from api.logs import about_analysis
from api.ports.clock import Clock
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.sources import PostSource
from api.ports.store import Store
from api.problems import UNEXPECTED, kind_of_error

_log = logging.getLogger(__name__)

_HASHTAGS_KEPT = 20
_MOST_ATTEMPTS = 20
_LONGEST_WAIT = timedelta(days=1)
_SHORTEST_DEFER_SECONDS = 1.0  # a reset that has just passed must not make a busy loop


class Observer(Protocol):
    """Be told how analyses fare, for metrics."""

    def analysis(self, state: str) -> None:
        """Count an analysis that reached a state."""
        ...

    def stage(self, name: str, seconds: float) -> None:
        """Note how long a stage of an analysis took."""
        ...


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """Bound a run: posts a request, requests at once, and seconds.

    defer_seconds is how long an analysis waits at a time for a source that takes no more calls.
    """

    chunk_posts: int = 256
    requests_in_flight: int = 2
    lease_seconds: float = 60.0
    retry_seconds: float = 120.0
    defer_seconds: float = 900.0


class AnalysisRunner:
    """Run analyses, one a call, for one owner of leases.

    pause waits for seconds and stopping tells whether the process is shutting down; access gives
    the token of a user who signed in at a source.
    """

    def __init__(
        self,
        store: Store,
        emotions: EmotionClient,
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
    ) -> None:
        self._store = store
        self._emotions = emotions
        self._fetch = FetchStage(store, sources, access, clock, stopping)
        self._clock = clock
        self._observer = observer
        self._scoring = scoring
        self._limits = limits
        self._owner = owner
        self._pause = pause
        self._stopping = stopping

    def run(self, analysis_id: str | None = None) -> bool:
        """Run the named analysis, or the oldest that waits; return whether there was one.

        Raises StoreUnavailableError only where not even a claim could be made.
        """
        now = self._clock()
        duration = timedelta(seconds=self._limits.lease_seconds)
        claimed = self._store.claim(analysis_id, owner=self._owner, now=now, until=now + duration)
        if claimed is None:
            return False
        analysis, lease = claimed
        # What earlier attempts fetched and paid for stays; the rest is counted anew.
        progress = replace(analysis.progress, classified=0, reused=0, total=0)
        held = HeldLease(self._store, self._clock, lease, progress, duration)
        self._observer.analysis("running")
        with about_analysis(analysis.analysis_id):
            try:
                self._run(analysis, held)
            except (LeaseLostError, StoreUnavailableError) as error:
                # Lost: another run owns it, or it was erased. Store gone: the lease ends by itself
                # and the analysis is taken up again.
                _log.warning("run ended early: %s", type(error).__name__)
        return True

    def _run(self, analysis: Analysis, held: HeldLease) -> None:
        extra = {"attempt": analysis.attempt}
        try:
            if analysis.attempt > _MOST_ATTEMPTS:
                self._fail(held, Problem(UNEXPECTED.slug, UNEXPECTED.title,
                           f"The analysis did not come to an end in {_MOST_ATTEMPTS} attempts."
                           " Start it again; report it if that stays so."))  # fmt: skip
                return
            self._analyse(analysis, held)
        except (LeaseLostError, StoreUnavailableError):
            raise
        except HandBack as reason:
            self._store.release(held.lease)
            _log.info("put back in the queue: %s", reason, extra=extra)
        except SourceRateLimitedError as error:
            self._defer(analysis, held, error)
        except MoodlineError as error:
            self._fail_with(error, held)
        except Exception:  # noqa: BLE001  the boundary of a job: logged, and the analysis fails
            _log.exception("analysis failed on an unexpected error", extra=extra)
            self._fail(held, Problem(UNEXPECTED.slug, UNEXPECTED.title, UNEXPECTED.about))
        else:
            self._observer.analysis("succeeded")
            _log.info("analysis succeeded", extra={**extra, "posts": held.progress.total})

    def _analyse(self, analysis: Analysis, held: HeldLease) -> None:
        request = analysis.request
        patience = self._patience()
        model = self._serving_model(patience, held)
        with self._stage("fetch"):
            self._fetch.run(analysis, held, patience)
        new = self._store.count_unclassified(
            request.user_id, model.key, max_posts=request.max_posts
        )
        kept = self._store.count_posts(request.user_id)
        total = kept if request.max_posts is None else min(kept, request.max_posts)
        held.report(replace(held.progress, reused=total - new, total=total))
        pipeline = ClassificationPipeline(
            self._store,
            self._emotions,
            patience,
            self._stopping,
            chunk_posts=self._limits.chunk_posts,
            requests_in_flight=self._limits.requests_in_flight,
            keep_lease_every=self._limits.lease_seconds / 4,
        )
        with self._stage("classify"):
            pipeline.run(request, model, held)
        with self._stage("score"):
            self._finish(analysis, model, held)

    def _finish(self, analysis: Analysis, model: ModelIdentity, held: HeldLease) -> None:
        request = analysis.request
        posts = self._store.classified_posts(
            request.user_id, model.key, max_posts=request.max_posts
        )
        now = self._clock()
        result = results.mood_result(
            posts,
            as_of=results.resolve_as_of(request.as_of, posts, now),
            now=now,
            config=self._scoring,
            model=model.key,
        )
        held.keep()
        self._store.finish(
            held.lease,
            at=self._clock(),
            progress=replace(held.progress, place=None),
            mood=result.mood,
            result=result.to_dict(),
            hashtags=interests((item.post for item in posts), _HASHTAGS_KEPT),
        )

    def _serving_model(self, patience: Patience, held: HeldLease) -> ModelIdentity:
        while True:
            try:
                model = self._emotions.model()
            except RetryableError as error:
                patience.after(error)
                if self._stopping():
                    raise HandBack("the service is shutting down") from error
                held.keep()
            else:
                patience.restore()
                return model

    def _patience(self) -> Patience:
        return Patience(
            self._clock,
            self._pause,
            budget_seconds=self._limits.retry_seconds,
            longest_pause_seconds=self._limits.lease_seconds / 3,
        )

    def _fail(self, held: HeldLease, problem: Problem) -> None:
        ended = replace(held.progress, place=None)
        self._store.fail(held.lease, at=self._clock(), progress=ended, problem=problem)
        self._observer.analysis("failed")

    def _fail_with(self, error: MoodlineError, held: HeldLease) -> None:
        kind = kind_of_error(error)
        _log.warning("analysis failed: %s: %s", kind.slug, error.detail)
        self._fail(held, Problem(kind.slug, kind.title, f"{error.detail} {kind.about}"))

    def _defer(self, analysis: Analysis, held: HeldLease, error: SourceRateLimitedError) -> None:
        """Have the analysis wait for its source in the queue, so that no thread does."""
        now = self._clock()
        if now - analysis.created_at > _LONGEST_WAIT:
            self._fail_with(error, held)
            return
        until = min(error.retry_at, now + timedelta(seconds=self._limits.defer_seconds))
        until = max(until, now + timedelta(seconds=_SHORTEST_DEFER_SECONDS))
        self._store.defer(held.lease, until)
        self._observer.analysis("deferred")
        _log.info("waits until %s: %s", until.isoformat(), error.detail)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = self._clock()
        yield
        self._observer.stage(name, (self._clock() - started).total_seconds())
