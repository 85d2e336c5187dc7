"""Define what analyses look like, and make it of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from api.domain.analyses import Analysis
from api.domain.crisis_support import SupportList
from api.routes.openapi_examples import ANALYSIS, example


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

    model_config = example(ANALYSIS)


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
        result=shown_result(analysis.result, support, country),
        problem=None
        if problem is None
        else KeptProblemDocument(
            type=f"/problems/{problem.type}", title=problem.title, detail=problem.detail
        ),
    ).model_dump(mode="json")


def shown_result(
    result: Mapping[str, Any] | None, support: SupportList, country: str | None
) -> dict[str, Any] | None:
    """Return a kept result, None where there is none, with who to turn to in that country."""
    # Who to turn to is not kept with the result: the list changes, and so does where one reads it.
    return None if result is None else {**result, "support": support.beside(result, country)}
