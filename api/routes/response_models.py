"""Pydantic models of the response bodies, and functions that build them from domain objects.

A model's docstring and example are shown in the OpenAPI document.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from api.domain.analyses import Analysis
from api.domain.crisis_support import SupportList
from api.domain.imports import DateOrder
from api.domain.moods import Mood, MoodLabel, labelled
from api.domain.posts import Ownership
from api.routes import openapi_examples as examples
from api.routes.openapi_examples import example
from api.services.imports import ImportReport
from api.services.users import UserOverview


class FieldErrorDocument(BaseModel):
    """One fault in a request: where it is and what is wrong there."""

    where: str
    reason: str


class ProblemDocument(BaseModel):
    """Problem document (RFC 9457); `type` is stable, and an explanation stands at its address."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None
    errors: list[FieldErrorDocument]


class AliveDocument(BaseModel):
    """Liveness: the process answers."""

    status: str

    model_config = example({"status": "alive"})


class ReadyDocument(BaseModel):
    """Readiness, in total and of each dependency by name."""

    status: str
    dependencies: dict[str, bool]

    model_config = example({"status": "ready", "dependencies": {"store": True, "inference": True}})


class SourceDocument(BaseModel):
    """A source of posts; to_configure names the settings that are missing."""

    name: str
    configured: bool
    to_configure: str | None
    sign_in: str | None


class SourcesDocument(BaseModel):
    """The sources of posts that the service knows."""

    sources: list[SourceDocument]

    model_config = example(examples.SOURCES)


class ImportFormatDocument(BaseModel):
    """A dialect: one known shape of an uploaded file, in words for people."""

    name: str
    title: str = Field(description="what people call the export")
    files: list[str] = Field(description="the names that its files have")
    where_to_get: str
    recognised_by: str
    read: list[str]
    not_read: list[str]

    model_config = ConfigDict(from_attributes=True)


class ImportFormatsDocument(BaseModel):
    """The dialects that can be imported, in the order to show them."""

    formats: list[ImportFormatDocument]

    model_config = example(examples.IMPORT_FORMATS)


class SkippedDocument(BaseModel):
    """A row or item of the file that was skipped, and why."""

    where: str
    field: str | None
    reason: str

    model_config = ConfigDict(from_attributes=True)


class DialectDocument(BaseModel):
    """The dialect of a file; GET /v1/import-formats says more about it."""

    name: str
    title: str

    model_config = ConfigDict(from_attributes=True)


class EngagementDocument(BaseModel):
    """How often others reacted to a post."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    bookmarks: int
    impressions: int

    model_config = ConfigDict(from_attributes=True)


class ReadPostDocument(BaseModel):
    """A post as it was read; own_word is the writer's own word for their mood (Daylio)."""

    text: str
    created_at: datetime
    ownership: Ownership
    engagement: EngagementDocument
    language: str | None
    own_word: str | None

    model_config = ConfigDict(from_attributes=True)


class ImportDocument(BaseModel):
    """What was understood of a file, and what of it was stored or, in a dry run, would be."""

    dry_run: bool = Field(description="whether nothing was stored")
    format: str = Field(description="the kind of file, such as csv, jsonl or archive")
    dialect: DialectDocument
    encoding: str = Field(description="the encoding of its text")
    date_order: DateOrder | None = Field(
        description="the order taken for its dates; null where none needed one"
    )
    own: int = Field(description="posts in the file that the user wrote")
    shared: int = Field(description="posts in the file that the user reposted")
    liked: int = Field(description="posts in the file that the user liked")
    first_posts: list[ReadPostDocument] = Field(description="the first three posts in the file")
    imported: int = Field(description="posts that are new")
    updated: int = Field(description="posts that were stored and have changed")
    unchanged: int = Field(description="posts that were stored as they are")
    duplicates: int = Field(
        description="posts left out because the same post is in the file or stored already"
    )
    edits: int = Field(
        description="earlier versions of edited posts, in the file or stored: only the last counts"
    )
    skipped: int = Field(description="other rows or items that did not become a post")
    skipped_reasons: list[SkippedDocument] = Field(description="why, for the first 100")
    unused_columns: list[str] = Field(description="columns or keys that nothing was read from")
    notes: list[str] = Field(description="what else to know about how the file was read")
    total: int = Field(description="all posts of the user that are stored now")

    model_config = example(examples.IMPORT)


class SourceCostDocument(BaseModel):
    """What was read at the source; estimate is its price in the currency named."""

    posts_read: int
    users_read: int
    skipped: int
    estimate: float
    currency: str

    model_config = ConfigDict(from_attributes=True)


class StageSecondsDocument(BaseModel):
    """Seconds in each stage; queue is the time before the first run, the others sum over runs."""

    queue: float
    fetch: float
    classify: float
    decide: float

    model_config = ConfigDict(from_attributes=True)


class ProgressDocument(BaseModel):
    """Counts of posts; reused ones needed no classification, source_cost is null when imported."""

    fetched: int
    classified: int
    reused: int
    total: int
    source_cost: SourceCostDocument | None
    seconds: StageSecondsDocument

    model_config = ConfigDict(from_attributes=True)


class KeptProblemDocument(BaseModel):
    """Why an analysis failed."""

    type: str
    title: str
    detail: str


class AnalysisDocument(BaseModel):
    """An analysis; state is queued, running, succeeded, failed or cancelled.

    waits_until is the time before which a queued analysis does not continue, because of its
    source's rate limit.
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

    model_config = example(examples.ANALYSIS)


class UserDocument(BaseModel):
    """A user's newest mood; mood and result are null before the first analysis."""

    user_name: str
    consented_at: datetime | None
    posts: int
    mood: str | None
    label: MoodLabel | None
    analysis_id: str | None
    analysed_at: datetime | None
    result: dict[str, Any] | None

    model_config = example(examples.USER)


class BucketDocument(BaseModel):
    """One day or week; scores and mood are null when no post in it has any weight."""

    start: date
    posts: int
    scores: dict[str, float] | None
    positivity: float | None
    negativity: float | None
    mood: str | None
    label: MoodLabel | None


class TimelineDocument(BaseModel):
    """Emotions over time, oldest first; days and weeks without posts are left out."""

    bucket: str
    timeline: list[BucketDocument]

    model_config = example(examples.TIMELINE)


class RecommendationDocument(BaseModel):
    """An account, hashtag or friend, without @ or #, and why it is recommended."""

    name: str
    explanation: str


class RecommendationsDocument(BaseModel):
    """Recommendations for today, in the order to show them."""

    mood: str
    label: MoodLabel
    big_accounts: list[RecommendationDocument]
    hashtags: list[RecommendationDocument]
    friends: list[RecommendationDocument]

    model_config = example(examples.RECOMMENDATIONS)


class ConsentDocument(BaseModel):
    """The consent on record: when it was given, and to which version of the words."""

    user_name: str
    consented_at: datetime
    words: str
    words_version: str
    matchable: bool

    model_config = example(examples.CONSENT)


class ExportDocument(BaseModel):
    """Everything stored about a user; each list is in the order in which its items were made."""

    user: dict[str, Any]
    posts: list[dict[str, Any]]

    model_config = example(examples.EXPORT)


class ErasureDocument(BaseModel):
    """An erasure that is not complete: nothing can be read any more, but pending remains on disk.

    The service removes it without a further call, as soon as nothing reads an earlier state.
    """

    user_name: str
    pending: list[Literal["files of the store"]]

    model_config = example(examples.ERASURE)


class OriginalAnalysisDocument(RootModel[list[str | None]]):
    """[mood, happiest post, saddest post]."""

    model_config = example(["Cheerful", "Best day of the year!", "Missed the bus"])


class OriginalRecommendationsDocument(BaseModel):
    """Recommendations as plain names."""

    big_accounts: list[str]
    hashtags: list[str]
    friend: list[str]

    model_config = example(examples.ORIGINAL_RECOMMENDATIONS)


def import_document(report: ImportReport) -> dict[str, Any]:
    """Return the result of an import as JSON values."""
    return ImportDocument.model_validate(
        {
            **{field.name: getattr(report, field.name) for field in fields(report)},
            "imported": report.saved.created,
            "updated": report.saved.updated,
            "unchanged": report.saved.unchanged,
        }
    ).model_dump(mode="json")


def analysis_document(
    analysis: Analysis, support: SupportList, country: str | None
) -> dict[str, Any]:
    """Return an analysis as JSON values, with the helplines of the reader's country."""
    request, problem = analysis.request, analysis.problem
    return AnalysisDocument(
        analysis_id=analysis.analysis_id,
        user_name=request.user_id,
        source=request.source,
        source_user=request.source_user,
        max_posts=request.max_posts,
        as_of=request.as_of,
        state=analysis.state.value,
        progress=ProgressDocument.model_validate(analysis.progress),
        created_at=analysis.created_at,
        started_at=analysis.started_at,
        finished_at=analysis.finished_at,
        waits_until=analysis.waits_until,
        result=_answered(analysis.result, support, country),
        problem=None
        if problem is None
        else KeptProblemDocument(
            type=f"/problems/{problem.type}", title=problem.title, detail=problem.detail
        ),
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
        label=Mood(latest.mood).label if latest and latest.mood else None,
        analysis_id=latest.analysis_id if latest else None,
        analysed_at=latest.created_at if latest else None,
        result=_answered(latest.result if latest else None, support, country),
    ).model_dump(mode="json")


def _answered(
    result: Mapping[str, Any] | None, support: SupportList, country: str | None
) -> dict[str, Any] | None:
    if result is None:
        return None
    # Labels and helplines are not stored with the result: the words and the list change, and so
    # does the reader's country.
    answered = labelled(result)
    if result.get("changed_by") is not None:
        answered["changed_by"] = labelled(result["changed_by"])
    return {**answered, "support": support.entries_for(result, country)}
