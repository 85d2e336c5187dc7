"""Documents of a user: the newest mood, timeline, recommendations, consent, erasure.

Those of other things are in `api.routes.documents`.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from api.domain.crisis_support import SupportList
from api.domain.mood.moods import Mood, MoodLabel
from api.routes import openapi_examples as examples
from api.routes.documents.results import BucketSize, ResultDocument, ScoresDocument, result_document
from api.routes.openapi_examples import example
from api.services.users import UserOverview


class UserDocument(BaseModel):
    """A user's newest mood; mood and result are null before the first analysis."""

    user_name: str
    consented_at: datetime | None
    matchable: bool = Field(description="whether the user may be recommended to others")
    training: bool = Field(description="whether corrections and feedback may be used for training")
    posts: int = Field(description="posts that are stored")
    mood: Mood | None
    label: MoodLabel | None
    analysis_id: str | None
    analysed_at: datetime | None
    result: ResultDocument | None

    model_config = example(examples.USER)


class BucketDocument(BaseModel):
    """One day, week or month; scores and mood are null when no post in it has any weight."""

    start: date
    posts: int
    scores: ScoresDocument | None
    positivity: float | None
    negativity: float | None
    mood: Mood | None
    label: MoodLabel | None


class TimelineDocument(BaseModel):
    """Emotions over time, oldest first; buckets without posts are left out."""

    bucket: BucketSize
    timeline: list[BucketDocument]

    model_config = example(examples.TIMELINE)


class RecommendationDocument(BaseModel):
    """An account, hashtag or friend, without @ or #, and why it is recommended."""

    name: str
    explanation: str


class RecommendationsDocument(BaseModel):
    """Recommendations for today, in the order to show them."""

    mood: Mood
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
    training: bool

    model_config = example(examples.CONSENT)


class ConsentWordsDocument(BaseModel):
    """The words of a consent: what has to be agreed to, and what may be agreed to besides.

    With how long what is given is stored, unless the user erases it before.
    """

    words_version: str
    analysis: str = Field(description="agreed to with every consent")
    training: str = Field(description="agreed to where training is true")
    posts_retention_days: int = Field(description="days that a post is stored from its import on")
    moods_retention_days: int = Field(description="days that a mood is stored from its analysis on")

    model_config = example(examples.CONSENT_WORDS)


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


def user_document(
    overview: UserOverview,
    support: SupportList,
    country: str | None,
    served_model: Callable[[], str | None],
) -> dict[str, Any]:
    """Return a user with their newest mood as JSON values; see analysis_document."""
    latest = overview.latest
    document = UserDocument(
        user_name=overview.user.user_name,
        consented_at=overview.user.consented_at,
        matchable=overview.user.matchable,
        training=overview.user.training,
        posts=overview.posts,
        mood=Mood(latest.mood) if latest and latest.mood else None,
        label=Mood(latest.mood).label if latest and latest.mood else None,
        analysis_id=latest.analysis_id if latest else None,
        analysed_at=latest.created_at if latest else None,
        result=None,
    ).model_dump(mode="json")
    result = result_document(latest.result if latest else None, support, country, served_model)
    return {**document, "result": result}
