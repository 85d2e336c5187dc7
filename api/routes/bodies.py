"""Define what requests may hold. Unknown fields are refused, and values are not converted."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Take only known fields, of exactly their type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UserPath(BaseModel):
    """Name a user."""

    user_name: str = Field(description="1 to 15 letters, digits or underscores; case is ignored")


class AnalysisPath(BaseModel):
    """Name an analysis."""

    analysis_id: str


class ProblemPath(BaseModel):
    """Name a kind of problem."""

    slug: str


class StartAnalysisHeaders(BaseModel):
    """Hold the headers that starting an analysis takes."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        description="the same key returns the analysis that was made with it",
    )


class StartAnalysisBody(Strict):
    """Ask for an analysis of one's own posts."""

    user_name: str
    source: str = Field(
        "imported",
        description='"imported": the posts already kept; GET /v1/sources lists the others',
    )
    source_user: str | None = Field(
        None,
        max_length=320,
        description="your account at the source, where it is called otherwise than you are here",
    )
    consent: bool = Field(False, description="true: these are my posts and I agree")
    max_posts: int | None = Field(
        None, ge=1, le=10_000_000, description="only the newest that many"
    )
    as_of: str = Field("now", max_length=40, description='"now", "newest" or an ISO 8601 time')


class SignInReturnQuery(BaseModel):
    """Hold what X adds to the address when a person comes back; error takes the place of code."""

    state: str = Field("", max_length=500)
    code: str = Field("", max_length=4000)


class FeedbackBody(Strict):
    """Give one's own word for one's mood."""

    mood: str = Field(max_length=40)


class ConsentBody(Strict):
    """Agree to be analysed."""

    matchable: bool = Field(False, description="true: others may be told of me as a friend")


class TimelineQuery(BaseModel):
    """Choose the steps of a timeline."""

    model_config = ConfigDict(extra="forbid")

    bucket: Literal["day", "week"] = "day"


class OriginalStartQuery(BaseModel):
    """Say on the original call that the user agrees."""

    model_config = ConfigDict(extra="forbid")

    consent: bool = False
