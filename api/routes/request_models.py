"""Pydantic models of paths, queries, headers and bodies of requests.

Unknown fields are refused, and values in bodies are not converted between types.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypeAliasType

from api.domain.date_ranges import DateRange, InvalidDateRangeError, date_range
from api.domain.imports import DateOrder
from api.domain.mood.mood_pictures import Theme
from api.domain.mood.moods import Mood
from api.domain.posts import Ownership
from api.errors import FieldError, InvalidRequestError
from api.routes.documents.results import BucketSize, Emotion
from api.services.browsing import MOST_SEARCHED

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
        description="country code, such as IE, whose helplines are listed in `support`",
        json_schema_extra={"example": "IE"},
    ),
]


class PostFileForm(BaseModel):
    """A form with a file of posts, of any kind that GET /v1/import-formats lists."""

    file: bytes = Field(json_schema_extra={"format": "binary"})


class Strict(BaseModel):
    """Body that accepts only known fields, of exactly their type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StrictQuery(BaseModel):
    """Query that accepts only known parameters; their text is converted to the type."""

    model_config = ConfigDict(extra="forbid")


def _iso_day(value: Any) -> Any:
    # Pydantic reads a number as seconds since 1970 too, and a time of day as its day.
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("is no day: write it as 2024-12-31")
    return value


_Day = Annotated[date | None, BeforeValidator(_iso_day)]


class DateRangeQuery(StrictQuery):
    """Query with a range of days; a call with further parameters extends it."""

    first: _Day = Field(
        None,
        alias="from",
        description="the first day, in `timezone`",
        json_schema_extra={"example": "2024-01-01"},
    )
    last: _Day = Field(
        None,
        alias="to",
        description="the last day, included",
        json_schema_extra={"example": "2024-12-31"},
    )
    timezone: str = Field(
        "UTC",
        max_length=64,
        description="the zone whose days are meant, by its IANA name",
        json_schema_extra={"example": "Europe/Berlin"},
    )

    def days(self) -> DateRange:
        """Return the range. Raises InvalidRequestError for an unknown zone or a negative range."""
        try:
            return date_range(self.first, self.last, self.timezone)
        except InvalidDateRangeError as error:
            where = {"first": "from", "last": "to"}.get(error.field, error.field)
            raise InvalidRequestError(
                "The days asked for cannot be understood.", [FieldError(where, str(error))]
            ) from error


ExportFormat = TypeAliasType("ExportFormat", Literal["json", "csv"])


class ExportQuery(DateRangeQuery):
    """Query of an export: its format, and the days of the posts in it."""

    format: ExportFormat = Field(
        "json", description="json: everything stored; csv: the posts, a row each"
    )


class UserPath(BaseModel):
    """Path with a user name."""

    user_name: UserName


class AnalysisPath(BaseModel):
    """Path with an analysis id."""

    analysis_id: str = Field(
        max_length=64, json_schema_extra={"example": "0d9f6c1e4b7a4f0c8a5d3e2b1c0f9a8d"}
    )


class ProblemPath(BaseModel):
    """Path with the slug of a problem kind."""

    slug: str


class AssetPath(BaseModel):
    """Path of a file of the documentation page."""

    name: str


class StartAnalysisHeaders(BaseModel):
    """Headers of the call that starts an analysis."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        description="printable text, for one request of one user: the same request with the same"
        " key returns the analysis that it started, also after its end and for as long as that is"
        " kept (MOODS_RETENTION_DAYS); another request with the same key is refused (422), and so"
        " is one with a new key while an analysis asked for differently is queued or running (409)",
        json_schema_extra={"example": "3f1c-7"},
    )


class StartAnalysisBody(Strict):
    """Request for an analysis of one's own posts."""

    user_name: UserName
    source: str = Field(
        "imported",
        description='"imported": posts already stored; GET /v1/sources lists the others',
    )
    source_user: str | None = Field(
        None,
        max_length=320,
        description="your account at the source, if its name differs from user_name",
    )
    consent: bool = Field(False, description="true: these are my posts and I agree")
    max_posts: int | None = Field(
        None, ge=1, le=10_000_000, description="analyse only this many of the newest posts"
    )
    as_of: str = Field("now", max_length=40, description='"now", "newest" or an ISO 8601 time')

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"user_name": "ana_ridge", "consent": True, "as_of": "newest"}
        }
    )


class SignInReturnQuery(BaseModel):
    """Query that X adds when it redirects the user back; without permission it has no code."""

    state: str = Field("", max_length=500)
    code: str = Field("", max_length=4000)


class FeedbackBody(Strict):
    """The user's own word for their mood."""

    mood: Annotated[Mood, Field(strict=False)]  # JSON has no enumerations

    model_config = ConfigDict(json_schema_extra={"example": {"mood": "Cheerful"}})


class ConsentBody(Strict):
    """Consent to be analysed."""

    matchable: bool = Field(False, description="true: I may be recommended to others as a friend")
    training: bool = Field(
        False,
        description="true: my corrections, with their texts, may be used to train the model, and my"
        " feedback to fit the constants that decide a mood",
    )

    model_config = ConfigDict(json_schema_extra={"example": {"matchable": True, "training": True}})


PostId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description="`post_id` of one of the user's posts",
        json_schema_extra={"example": "1900000000000000007"},
    ),
]


class CorrectionBody(Strict):
    """The emotion that the user says a post has."""

    post_id: PostId
    emotion: Emotion

    model_config = ConfigDict(
        json_schema_extra={"example": {"post_id": "1900000000000000007", "emotion": "sadness"}}
    )


class CorrectionQuery(StrictQuery):
    """Query with the post whose correction is taken back."""

    post_id: PostId


class ImportQuery(StrictQuery):
    """Query of an import: whether to store anything, and how to read its dates."""

    dry_run: bool = Field(False, description="true: answer the same, and store nothing")
    date_order: DateOrder | None = Field(
        None, description="how to read dates such as 05/02/2023 in a file that does not decide it"
    )


class TimelineQuery(DateRangeQuery):
    """Query with the bucket size of a timeline, and the days it is of."""

    bucket: BucketSize = Field(
        "day", description="weeks begin on Monday; a week or month that the days cut stays one"
    )


class PictureQuery(StrictQuery):
    """Query with the width and the colours of a picture."""

    width: int = Field(1200, ge=600, le=2400, description="in pixels; the height is 630/1200 of it")
    theme: Theme = Theme.LIGHT


class CountryQuery(StrictQuery):
    """Query with the country of the reader."""

    country: Country = None


class OriginalStartQuery(StrictQuery):
    """Query with the user's consent, of the original call."""

    consent: bool = False


_CURSOR = Field(
    None,
    max_length=2_000,
    description="next_cursor of the page before; the rest of the query stays as it was",
)


class PostsQuery(DateRangeQuery):
    """Query of a page of posts."""

    emotion: Emotion | None = Field(
        None, description="only posts that count as this emotion, as `emotion` of a post says"
    )
    ownership: Ownership | None = Field(None, description="only posts of this kind")
    text: str | None = Field(
        None,
        max_length=200,
        description="only posts with this in their text, whatever its case; it is looked for in the"
        f" newest {MOST_SEARCHED:,} posts of the rest of the query, and searched_to says if there"
        " are older ones",
        json_schema_extra={"example": "garden"},
    )
    cursor: str | None = _CURSOR
    limit: int = Field(50, ge=1, le=200, description="most posts on a page")


class AnalysesQuery(StrictQuery):
    """Query of a page of past analyses."""

    cursor: str | None = _CURSOR
    limit: int = Field(20, ge=1, le=100, description="most analyses on a page")
