"""Define what is told about a user, and make it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from api.domain.crisis_support import SupportList
from api.routes.documents.analyses import shown_result
from api.routes.openapi_examples import CONSENT, EXPORT, RECOMMENDATIONS, TIMELINE, USER, example
from api.services import UserOverview


class UserDocument(BaseModel):
    """Hold a user's newest mood; mood and result are null before an analysis."""

    user_name: str
    consented_at: datetime | None
    posts: int
    mood: str | None
    analysis_id: str | None
    analysed_at: datetime | None
    result: dict[str, Any] | None

    model_config = example(USER)


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

    model_config = example(TIMELINE)


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

    model_config = example(RECOMMENDATIONS)


class ConsentDocument(BaseModel):
    """Hold the consent on record: when, and to which version of the words."""

    user_name: str
    consented_at: datetime
    words: str
    words_version: str
    matchable: bool

    model_config = example(CONSENT)


class ExportDocument(BaseModel):
    """Hold everything that is held about a user; each list in the order in which it came to be."""

    user: dict[str, Any]
    posts: list[dict[str, Any]]

    model_config = example(EXPORT)


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
        result=shown_result(latest.result if latest else None, support, country),
    ).model_dump(mode="json")
