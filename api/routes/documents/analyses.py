"""Documents of an analysis: its state, progress, result or problem, and its events."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.domain.analyses import Analysis, AnalysisState
from api.domain.crisis_support import SupportList
from api.domain.mood.moods import Mood, MoodLabel
from api.routes import openapi_examples as examples
from api.routes.documents.results import ResultDocument, result_document
from api.routes.openapi_examples import example


class SourceCostDocument(BaseModel):
    """What was read at the source, and the estimated price of it."""

    posts_read: int
    users_read: int
    skipped: int = Field(description="items that could not become a post")
    estimate: float = Field(description="price in the currency named")
    currency: str = Field(json_schema_extra={"example": "USD"})

    model_config = ConfigDict(from_attributes=True)


class StageSecondsDocument(BaseModel):
    """Seconds in each stage; queue is the time before the first run, the others sum over runs."""

    queue: float
    fetch: float
    classify: float
    decide: float

    model_config = ConfigDict(from_attributes=True)


class ProgressDocument(BaseModel):
    """Numbers of posts; source_cost is null if none were fetched from a source."""

    fetched: int = Field(description="posts fetched in this analysis")
    classified: int = Field(description="posts classified so far")
    reused: int = Field(description="posts that this model had classified before")
    total: int = Field(description="posts to classify")
    source_cost: SourceCostDocument | None
    seconds: StageSecondsDocument

    model_config = ConfigDict(from_attributes=True)


class KeptProblemDocument(BaseModel):
    """Why an analysis failed."""

    type: str = Field(description="address of the explanation", examples=["/problems/not-found"])
    title: str
    detail: str = Field(description="what to do")


class AnalysisDocument(BaseModel):
    """An analysis: its state and progress, its result if it succeeded, its problem if it failed."""

    analysis_id: str
    user_name: str
    source: str = Field(description='where posts come from; "imported": those already stored')
    source_user: str | None = Field(description="account at the source, if named otherwise")
    max_posts: int | None = Field(description="only so many of the newest posts; null for all")
    as_of: str = Field(description='"now", "newest" or a time, as it was asked for')
    state: AnalysisState = Field(
        description="succeeded, failed and cancelled are final: nothing changes any more"
    )
    progress: ProgressDocument
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waits_until: datetime | None = Field(
        description="the time before which a queued analysis does not continue, because of its"
        " source's rate limit"
    )
    result: ResultDocument | None = Field(description="not null if the state is succeeded")
    problem: KeptProblemDocument | None = Field(description="not null if the state is failed")

    model_config = example(examples.ANALYSIS)


class FeedbackDocument(BaseModel):
    """The mood that the user reported for an analysis; both are null before they did."""

    mood: Mood | None = Field(description="its name in requests and answers")
    label: MoodLabel | None = Field(description="the word to show")

    model_config = example({"mood": "Cheerful", "label": "Bright"})


class AnalysisEvent(BaseModel):
    """One server-sent event of an analysis; in the stream, data is one line of JSON.

    Lines that begin with a colon are comments, which keep the connection open.
    """

    event: Literal["analysis"]
    data: AnalysisDocument

    model_config = example({"event": "analysis", "data": examples.ANALYSIS})


def analysis_document(
    analysis: Analysis,
    support: SupportList,
    country: str | None,
    served_model: Callable[[], str | None],
) -> dict[str, Any]:
    """Return an analysis as JSON values, with the helplines of the reader's country.

    served_model returns the key of the model that is served now, if it is known.
    """
    request, problem = analysis.request, analysis.problem
    document = AnalysisDocument(
        analysis_id=analysis.analysis_id,
        user_name=request.user_id,
        source=request.source,
        source_user=request.source_user,
        max_posts=request.max_posts,
        as_of=request.as_of,
        state=analysis.state,
        progress=ProgressDocument.model_validate(analysis.progress),
        created_at=analysis.created_at,
        started_at=analysis.started_at,
        finished_at=analysis.finished_at,
        waits_until=analysis.waits_until,
        result=None,
        problem=None
        if problem is None
        else KeptProblemDocument(
            type=f"/problems/{problem.type}", title=problem.title, detail=problem.detail
        ),
    ).model_dump(mode="json")
    result = result_document(analysis.result, support, country, served_model)
    return {**document, "result": result}
