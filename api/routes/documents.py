"""Define what responses hold, and make them from what the use cases return."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from api.domain.analyses import Analysis
from api.services import ImportReport, UserOverview


class FieldErrorDocument(BaseModel):
    """Name one fault: where it is and what it is."""

    where: str
    reason: str


class ProblemDocument(BaseModel):
    """Say what went wrong (RFC 9457); type is stable and answers with an explanation."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None
    errors: list[FieldErrorDocument]


class SourceCostDocument(BaseModel):
    """Count what was read at the source; estimate is what the source asks for it, in currency."""

    posts_read: int
    users_read: int
    skipped: int
    estimate: float
    currency: str


class ProgressDocument(BaseModel):
    """Count posts; reused ones needed no classification, source_cost is null for imported ones."""

    fetched: int
    classified: int
    reused: int
    total: int
    source_cost: SourceCostDocument | None


class KeptProblemDocument(BaseModel):
    """Say why an analysis failed."""

    type: str
    title: str
    detail: str


class AnalysisDocument(BaseModel):
    """Hold an analysis; state is queued, running, succeeded, failed or cancelled.

    waits_until is when a queued one goes on, where its source takes no more calls before.
    """

    analysis_id: str
    user_name: str
    source: str
    source_user: str | None
    max_posts: int | None
    as_of: str
    state: str
    progress: ProgressDocument
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waits_until: datetime | None
    result: dict[str, Any] | None
    problem: KeptProblemDocument | None


class SourceDocument(BaseModel):
    """Hold a source of posts; to_configure names the settings that are missing."""

    name: str
    configured: bool
    to_configure: str | None
    sign_in: str | None


class SourcesDocument(BaseModel):
    """List the sources of posts."""

    sources: list[SourceDocument]


class SkippedDocument(BaseModel):
    """Say which row or item was skipped, and why."""

    where: str
    field: str | None
    reason: str


class ImportDocument(BaseModel):
    """Report on an import; skipped_reasons holds the first 100, total is all posts kept."""

    imported: int
    updated: int
    unchanged: int
    skipped: int
    skipped_reasons: list[SkippedDocument]
    total: int
    format: str


class UserDocument(BaseModel):
    """Hold a user's newest mood; mood and result are null before an analysis."""

    user_name: str
    consented_at: datetime | None
    posts: int
    mood: str | None
    analysis_id: str | None
    analysed_at: datetime | None
    result: dict[str, Any] | None


def analysis_document(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as JSON values."""
    request, progress, problem = analysis.request, analysis.progress, analysis.problem
    return AnalysisDocument(
        analysis_id=analysis.analysis_id,
        user_name=request.user_id,
        source=request.source,
        source_user=request.source_user,
        max_posts=request.max_posts,
        as_of=request.as_of,
        state=analysis.state.value,
        progress=ProgressDocument(
            fetched=progress.fetched,
            classified=progress.classified,
            reused=progress.reused,
            total=progress.total,
            source_cost=None
            if progress.source_cost is None
            else SourceCostDocument(**asdict(progress.source_cost)),
        ),
        created_at=analysis.created_at,
        started_at=analysis.started_at,
        finished_at=analysis.finished_at,
        waits_until=analysis.waits_until,
        result=None if analysis.result is None else dict(analysis.result),
        problem=None
        if problem is None
        else KeptProblemDocument(
            type=f"/problems/{problem.type}", title=problem.title, detail=problem.detail
        ),
    ).model_dump(mode="json")


def import_document(report: ImportReport) -> dict[str, Any]:
    """Return the report of an import as JSON values."""
    reasons = [
        SkippedDocument(where=item.where, field=item.field, reason=item.reason)
        for item in report.skipped_reasons
    ]
    return ImportDocument(
        imported=report.saved.created,
        updated=report.saved.updated,
        unchanged=report.saved.unchanged,
        skipped=report.skipped,
        skipped_reasons=reasons,
        total=report.total,
        format=report.format,
    ).model_dump(mode="json")


def user_document(overview: UserOverview) -> dict[str, Any]:
    """Return a user with their newest mood as JSON values."""
    latest = overview.latest
    return UserDocument(
        user_name=overview.user.user_name,
        consented_at=overview.user.consented_at,
        posts=overview.posts,
        mood=latest.mood if latest else None,
        analysis_id=latest.analysis_id if latest else None,
        analysed_at=latest.created_at if latest else None,
        result=dict(latest.result) if latest else None,
    ).model_dump(mode="json")
