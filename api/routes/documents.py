"""Define what responses hold, and make them from what the use cases return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel

from api.domain.analyses import Analysis
from api.domain.support import SupportList
from api.routes import examples
from api.services import ImportReport, UserOverview


def _example(value: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": value})


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

    model_config = _example(examples.ANALYSIS)


class SourceDocument(BaseModel):
    """Hold a source of posts; to_configure names the settings that are missing."""

    name: str
    configured: bool
    to_configure: str | None
    sign_in: str | None


class SourcesDocument(BaseModel):
    """List the sources of posts."""

    sources: list[SourceDocument]

    model_config = _example(examples.SOURCES)


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

    model_config = _example(examples.IMPORT)


class UserDocument(BaseModel):
    """Hold a user's newest mood; mood and result are null before an analysis."""

    user_name: str
    consented_at: datetime | None
    posts: int
    mood: str | None
    analysis_id: str | None
    analysed_at: datetime | None
    result: dict[str, Any] | None

    model_config = _example(examples.USER)


class BucketDocument(BaseModel):
    """Hold one day or week; scores and mood are null where no post of it weighs anything."""

    start: date
    posts: int
    scores: dict[str, float] | None
    positivity: float | None
    negativity: float | None
    mood: str | None


class TimelineDocument(BaseModel):
    """Hold emotions over time, oldest first; days and weeks without posts are left out."""

    bucket: str
    timeline: list[BucketDocument]

    model_config = _example(examples.TIMELINE)


class RecommendationDocument(BaseModel):
    """Name an account, hashtag or friend, without @ or #, and say why it is here."""

    name: str
    explanation: str


class RecommendationsDocument(BaseModel):
    """Hold what may do good today, in the order to show it."""

    mood: str
    big_accounts: list[RecommendationDocument]
    hashtags: list[RecommendationDocument]
    friends: list[RecommendationDocument]

    model_config = _example(examples.RECOMMENDATIONS)


class ConsentDocument(BaseModel):
    """Hold the consent on record: when, and to which version of the words."""

    user_name: str
    consented_at: datetime
    words: str
    words_version: str
    matchable: bool

    model_config = _example(examples.CONSENT)


class ExportDocument(BaseModel):
    """Hold everything that is held about a user; each list in the order in which it came to be."""

    user: dict[str, Any]
    posts: list[dict[str, Any]]

    model_config = _example(examples.EXPORT)


class OriginalAnalysisDocument(RootModel[list[str | None]]):
    """Hold [mood, happiest post, saddest post]."""

    model_config = _example(["Cheerful", "Best day of the year!", "Missed the bus"])


class OriginalRecommendationsDocument(BaseModel):
    """Hold plain names."""

    big_accounts: list[str]
    hashtags: list[str]
    friend: list[str]

    model_config = _example(examples.ORIGINAL_RECOMMENDATIONS)


class AliveDocument(BaseModel):
    """Say that the process answers."""

    status: str

    model_config = _example({"status": "alive"})


class ReadyDocument(BaseModel):
    """Say of each dependency by name whether it is ready."""

    status: str
    dependencies: dict[str, bool]

    model_config = _example({"status": "ready", "dependencies": {"store": True, "inference": True}})


def analysis_document(
    analysis: Analysis, support: SupportList, country: str | None
) -> dict[str, Any]:
    """Return an analysis as JSON values, with who to turn to in the reader's country."""
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
        result=_result(analysis.result, support, country),
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


def user_document(
    overview: UserOverview, support: SupportList, country: str | None
) -> dict[str, Any]:
    """Return a user with their newest mood as JSON values; see analysis_document."""
    latest = overview.latest
    return UserDocument(
        user_name=overview.user.user_name,
        consented_at=overview.user.consented_at,
        posts=overview.posts,
        mood=latest.mood if latest else None,
        analysis_id=latest.analysis_id if latest else None,
        analysed_at=latest.created_at if latest else None,
        result=_result(latest.result if latest else None, support, country),
    ).model_dump(mode="json")


def _result(
    result: Mapping[str, Any] | None, support: SupportList, country: str | None
) -> dict[str, Any] | None:
    # Who to turn to is not kept with the result: the list changes, and so does where one reads it.
    return None if result is None else {**result, "support": support.beside(result, country)}
