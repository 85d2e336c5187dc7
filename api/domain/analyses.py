"""Define an analysis: the request of a user to have their posts read, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

IMPORTED = "imported"
"""The source that every service has: the posts that are already kept."""


class AnalysisState(StrEnum):
    """Name where an analysis stands; the last three are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Tell whether nothing more will happen."""
        return self not in (AnalysisState.QUEUED, AnalysisState.RUNNING)


@dataclass(frozen=True, slots=True)
class SourceCost:
    """Count what an analysis read at a source, and estimate what the source asks for it.

    skipped is how many items could not become a post; estimate is in currency.
    """

    posts_read: int = 0
    users_read: int = 0
    skipped: int = 0
    estimate: float = 0.0
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class FetchPlace:
    """Say where a fetch goes on, so that no attempt asks for a page that an earlier one kept.

    next_at names the next call of the source, None where all were made. newer_than is the mark that
    the fetch started from, newest the one that it leaves at its end: None where it leaves none.
    """

    next_at: str | None
    newer_than: str | None
    newest: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Count posts: fetched from the source in this analysis, classified so far, in all to classify.

    reused is how many needed no classification because this model had classified them before;
    source_cost is None where nothing was fetched. place is None before the first page was kept and
    once the analysis has ended.
    """

    fetched: int = 0
    classified: int = 0
    reused: int = 0
    total: int = 0
    source_cost: SourceCost | None = None
    place: FetchPlace | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Say why an analysis failed: a stable type (a slug), a title and what to do."""

    type: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Hold what the caller asked for.

    source names where posts come from ("imported": those already kept); as_of is "now", "newest"
    or an ISO 8601 time; max_posts takes the newest that many, None takes all. source_user is the
    user's account at the source, None for the one that is called as the user is here.
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
    """Hold one analysis; times are aware UTC, result is the mood result as JSON values.

    waits_until is the time before which a queued analysis does not go on; None where it may now.
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
    """Hold the right to run an analysis until a time; every write of the run presents token.

    token grows with each claim, so a run that lost its lease can no longer write (a fencing
    token: Kleppmann, "How to do distributed locking", 2016).
    """

    analysis_id: str
    owner: str
    token: int
    until: datetime
