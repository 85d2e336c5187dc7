"""Documents of what a user looks back on: posts, past analyses and patterns."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.domain.analyses import Analysis
from api.domain.mood.moods import Mood, MoodLabel, labelled
from api.domain.mood.patterns import LEAST_POSTS, WEEKDAYS, Patterns
from api.domain.mood.results import confidence_words
from api.domain.posts import Ownership
from api.routes import openapi_examples as examples
from api.routes.documents.posts import PostDocument, post_document
from api.routes.documents.results import ChangedByDocument, ScoresDocument
from api.routes.openapi_examples import example
from api.services.browsing import AnalysesPage, PostsPage

_NEXT_CURSOR = Field(description="where the next page begins; null on the last one")


class PostsPageDocument(BaseModel):
    """A page of posts, newest first; posts that are added meanwhile do not shift the pages."""

    posts: list[PostDocument]
    next_cursor: str | None = _NEXT_CURSOR
    total: int = Field(
        description="posts on all pages together, counted for the first page and told on each"
    )
    searched_to: datetime | None = Field(
        description="time of the oldest post that `text` was looked for in, if there are older"
        " ones: ask for them with `to`; else null"
    )

    model_config = example(
        {"posts": [examples.POST], "next_cursor": "WyI4YTFm", "total": 12, "searched_to": None}
    )


class PastAnalysisDocument(BaseModel):
    """An analysis that succeeded; GET /v1/analyses/{analysis_id} gives its whole result.

    mood, label, confidence and confidence_words are null if there was too little evidence.
    """

    analysis_id: str
    created_at: datetime = Field(description="when it was asked for")
    finished_at: datetime
    as_of: datetime = Field(description="the time from which the ages of posts counted")
    mood: Mood | None
    label: MoodLabel | None = Field(description="the word for the mood that people read")
    confidence: float | None
    confidence_words: str | None = Field(description="confidence and what it is about")
    positivity: float | None
    negativity: float | None
    posts: int = Field(description="posts that it counted")
    changed_by: ChangedByDocument | None = Field(
        description="what changed since the analysis before; null if nothing did or it cannot be"
        " told"
    )


_PAST: dict[str, Any] = {
    "analysis_id": "0d9f6c1e4b7a4f0c8a5d3e2b1c0f9a8d",
    "created_at": "2026-03-01T12:00:00Z",
    "finished_at": "2026-03-01T12:00:01Z",
    "as_of": "2026-03-01T12:00:00Z",
    **labelled({"mood": "Depressed"}),
    "confidence": 0.84,
    "confidence_words": confidence_words("Depressed", 0.84),
    "positivity": 0.12,
    "negativity": 0.78,
    "posts": 40,
    "changed_by": None,
}


class HistoryPageDocument(BaseModel):
    """A page of a user's past analyses, newest first."""

    analyses: list[PastAnalysisDocument]
    next_cursor: str | None = _NEXT_CURSOR

    model_config = example({"analyses": [_PAST], "next_cursor": None})


class PostGroupDocument(BaseModel):
    """Posts of one weekday, hour or ownership; means are null where posts are too few."""

    name: str = Field(description='"Monday", "00" to "23", or "own"')
    posts: int
    positivity: float | None = Field(description="mean over the posts")
    negativity: float | None = Field(description="mean over the posts")
    scores: ScoresDocument | None = Field(description="means, after the irony shift")
    beyond_chance: bool = Field(
        description="whether positivity - negativity differs from that of all posts by more than"
        " chance"
    )

    model_config = ConfigDict(from_attributes=True)


class WordPatternDocument(BaseModel):
    """A word or hashtag whose posts are lighter or heavier than all by more than chance."""

    word: str = Field(description="lower-cased; a hashtag without #")
    posts: int = Field(description="posts with it, the same text counted once")
    balance: float = Field(description="their mean positivity - negativity")
    difference: float = Field(description="balance less the mean of all posts")
    example: str = Field(description="post_id of the one furthest on that side")

    model_config = ConfigDict(from_attributes=True)


class LightAndHeavyDocument(BaseModel):
    """At most ten each, the surest first."""

    light: list[WordPatternDocument]
    heavy: list[WordPatternDocument]

    model_config = ConfigDict(from_attributes=True)


_NO_FIGURES = {"positivity": None, "negativity": None, "scores": None, "beyond_chance": False}
_WEEKDAY = {
    "posts": 58,
    "positivity": 0.3,
    "negativity": 0.12,
    "scores": examples.SCORES,
    "beyond_chance": False,
}
_GARDEN = {
    "word": "garden",
    "posts": 31,
    "balance": 0.71,
    "difference": 0.53,
    "example": "2025009285120000009",
}
_PATTERNS: dict[str, Any] = {
    "least_posts": LEAST_POSTS,
    "balance": 0.18,
    "posts": 412,
    "weekdays": [{"name": name, **_WEEKDAY} for name in WEEKDAYS],
    "hours": [{"name": f"{hour:02d}", "posts": 3, **_NO_FIGURES} for hour in range(24)],
    "ownership": [{"name": each.value, "posts": 0, **_NO_FIGURES} for each in Ownership],
    "words": {"light": [_GARDEN], "heavy": []},
    "hashtags": {"light": [], "heavy": []},
}


class PatternsDocument(BaseModel):
    """What posts have in common where they are lighter or heavier.

    Each post counts alike, copies once; posts in languages that are not read are left out. Words
    of grammar, and words that only name a feeling or a judgement, are left out. Of what is shown as
    beyond chance, on average at most a tenth may be chance (bound of Chernoff and Hoeffding,
    procedure of Benjamini and Hochberg).
    """

    least_posts: int = Field(description="fewer posts than this show no pattern")
    balance: float | None = Field(description="mean positivity - negativity; null without posts")
    posts: int = Field(description="posts looked at")
    weekdays: list[PostGroupDocument] = Field(
        min_length=7, max_length=7, description="in `timezone`, from Monday; without liked posts"
    )
    hours: list[PostGroupDocument] = Field(
        min_length=24, max_length=24, description="in `timezone`; without liked posts"
    )
    ownership: list[PostGroupDocument] = Field(
        min_length=3, max_length=3, description="own, shared and liked"
    )
    words: LightAndHeavyDocument
    hashtags: LightAndHeavyDocument

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _PATTERNS})


def posts_document(page: PostsPage) -> dict[str, Any]:
    """Return a page of posts as JSON values."""
    return {
        "posts": [post_document(each) for each in page.posts],
        "next_cursor": page.next_cursor,
        "total": page.total,
        "searched_to": page.searched_to and page.searched_to.isoformat(),
    }


def analyses_document(page: AnalysesPage) -> dict[str, Any]:
    """Return a page of past analyses as JSON values."""
    return {
        "analyses": [_past_analysis(each) for each in page.analyses],
        "next_cursor": page.next_cursor,
    }


def _past_analysis(analysis: Analysis) -> dict[str, Any]:
    result = analysis.result or {}
    changed_by = result.get("changed_by")  # results of older versions have none
    return PastAnalysisDocument.model_validate(
        {
            "analysis_id": analysis.analysis_id,
            "created_at": analysis.created_at,
            "finished_at": analysis.finished_at,
            "as_of": result["as_of"],
            **labelled({"mood": result["mood"]}),
            **{name: result[name] for name in ("confidence", "positivity", "negativity")},
            "confidence_words": confidence_words(result["mood"], result["confidence"]),
            "posts": result["posts"]["total"],
            "changed_by": changed_by and labelled(changed_by),
        }
    ).model_dump(mode="json")


def patterns_document(found: Patterns) -> dict[str, Any]:
    """Return patterns as JSON values."""
    fields = {
        name: getattr(found, name)
        for name in PatternsDocument.model_fields
        if name != "least_posts"
    }
    return PatternsDocument.model_validate({"least_posts": LEAST_POSTS, **fields}).model_dump(
        mode="json"
    )
