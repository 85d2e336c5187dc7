"""An analysis: a user's request to analyse their posts, its state, progress and lease."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

IMPORTED = "imported"
"""The source that every service has: posts already in the store."""

WORDS_VERSION = "2026-12"
WORDS = (
    "These are my own posts, and I agree that their feelings are read."
    " I can erase everything at any time."
)
TRAINING_WORDS = (
    "My corrections of posts, with the texts of those posts, may also be used to train the model"
    " that reads emotions, and what I say of my mood to fit the constants that decide a mood."
    " I can take this back; what was trained before keeps what it has learned."
)
"""The texts of the consent: to be analysed, and, as a choice of its own, to lend what one says.

Change WORDS_VERSION with them: each consent records its version, and whether it included training.
"""


def consent_words(*, training: bool) -> str:
    """Return the text of a consent, with or without training."""
    return f"{WORDS} {TRAINING_WORDS}" if training else WORDS


class AnalysisState(StrEnum):
    """State of an analysis; the last three are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Return whether the state is final."""
        return self not in (AnalysisState.QUEUED, AnalysisState.RUNNING)


@dataclass(frozen=True, slots=True)
class SourceCost:
    """What an analysis read from a source, and the estimated price of it.

    skipped counts the items that could not become a post; estimate is in currency.
    """

    posts_read: int = 0
    users_read: int = 0
    skipped: int = 0
    estimate: float = 0.0
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class FetchPosition:
    """Position at which a fetch continues, so that no attempt requests a page already stored.

    next_at is the cursor of the next page, None after the last one. newer_than is the mark from
    which the fetch started; newest is the mark that it leaves at its end, None for no mark.
    """

    next_at: str | None
    newer_than: str | None
    newest: str | None


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Seconds that an analysis spent in each stage, 0 in one that it has not reached.

    queue is the time from the request to the first run; the others are sums over the runs, in the
    time of a clock that never jumps. A deferral, and the time between two runs, is in none of them.
    """

    queue: float = 0.0
    fetch: float = 0.0
    classify: float = 0.0
    decide: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of posts: fetched in this analysis, classified so far, and in total to classify.

    reused counts the posts that this model had classified before; source_cost is None if nothing
    was fetched. place is None before the first page is stored and after the analysis has ended.
    """

    fetched: int = 0
    classified: int = 0
    reused: int = 0
    total: int = 0
    source_cost: SourceCost | None = None
    place: FetchPosition | None = None
    seconds: StageSeconds = field(default_factory=StageSeconds)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an analysis failed: a stable type (a slug), a title and what to do."""

    type: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """What the caller asked for.

    source names where posts come from ("imported": those already stored); as_of is "now", "newest"
    or an ISO 8601 time; max_posts limits the analysis to the newest posts, None means all.
    source_user is the user's account at the source, None if it has the same name as the user.
    """

    user_id: str
    source: str = IMPORTED
    max_posts: int | None = None
    as_of: str = "now"
    source_user: str | None = None

    @property
    def account(self) -> str:
        """Return the user's account at the source."""
        return self.source_user or self.user_id


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis; times are aware UTC, result is the mood result as JSON values.

    waits_until is the time to which a queued analysis is deferred, None if it may run now.
    """

    analysis_id: str
    request: AnalysisRequest
    created_at: datetime
    state: AnalysisState = AnalysisState.QUEUED
    progress: Progress = field(default_factory=Progress)
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    problem: Problem | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Time-limited right to run an analysis; every write of the run presents the token.

    token grows with each claim, so a run that lost its lease can no longer write (a fencing
    token: Kleppmann, "How to do distributed locking", 2016).
    """

    analysis_id: str
    owner: str
    token: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps an analysis from being claimed: the lease of a worker, or a deferral.

    It differs after each renewal of the lease, as the worker's sign of life.
    """

    analysis_id: str
    token: int
    until: datetime
    deferred: bool
