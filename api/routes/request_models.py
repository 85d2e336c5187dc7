"""Define what requests may hold. Unknown fields are refused, and values are not converted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.domain.moods import Mood

UserName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_]{1,15}$",
        description="1 to 15 letters, digits or underscores; case is ignored",
        json_schema_extra={"example": "ana_ridge"},
    ),
]
Country = Annotated[
    str | None,
    Field(
        pattern="^[A-Za-z]{2}$",
        description="code of the country, such as IE, whose helplines stand in `support`",
        json_schema_extra={"example": "IE"},
    ),
]


class Strict(BaseModel):
    """Take only known fields, of exactly their type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StrictQuery(BaseModel):
    """Take only known parameters; what an address holds is text, and is read as the type."""

    model_config = ConfigDict(extra="forbid")


class UserPath(BaseModel):
    """Name a user."""

    user_name: UserName


class AnalysisPath(BaseModel):
    """Name an analysis."""

    analysis_id: str = Field(
        max_length=64, json_schema_extra={"example": "0d9f6c1e4b7a4f0c8a5d3e2b1c0f9a8d"}
    )


class ProblemPath(BaseModel):
    """Name a kind of problem."""

    slug: str


class StartAnalysisHeaders(BaseModel):
    """Hold the headers that starting an analysis takes."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        description="the same key returns the analysis that was made with it; printable",
        json_schema_extra={"example": "3f1c-7"},
    )


class StartAnalysisBody(Strict):
    """Ask for an analysis of one's own posts."""

    user_name: UserName
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

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"user_name": "ana_ridge", "consent": True, "as_of": "newest"}
        }
    )


class SignInReturnQuery(BaseModel):
    """Hold what X adds to the address when a person comes back; error takes the place of code."""

    state: str = Field("", max_length=500)
    code: str = Field("", max_length=4000)


class FeedbackBody(Strict):
    """Give one's own word for one's mood."""

    mood: str = Field(max_length=40, json_schema_extra={"enum": list(Mood)})

    model_config = ConfigDict(json_schema_extra={"example": {"mood": "Cheerful"}})


class ConsentBody(Strict):
    """Agree to be analysed."""

    matchable: bool = Field(False, description="true: others may be told of me as a friend")

    model_config = ConfigDict(json_schema_extra={"example": {"matchable": True}})


class TimelineQuery(StrictQuery):
    """Choose the steps of a timeline."""

    bucket: Literal["day", "week"] = "day"


class CountryQuery(StrictQuery):
    """Say in which country the reader is."""

    country: Country = None


class OriginalStartQuery(StrictQuery):
    """Say on the original call that the user agrees."""

    consent: bool = False
