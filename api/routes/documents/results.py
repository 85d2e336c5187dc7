"""Documents of a mood result: the figures, the posts behind them, what changed, and helplines."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from typing_extensions import TypeAliasType

from api.domain.crisis_support import SupportList
from api.domain.mood.moods import Mood, MoodLabel, labelled
from api.domain.mood.results import confidence_words, model_note
from api.domain.mood.scoring import DEFAULT, ActivityForm, RecencyForm, ScoringConfig
from api.domain.posts import Ownership
from api.routes import openapi_examples as examples
from api.routes.openapi_examples import example

StoredTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time as it is stored, which needs no parsing to be answered."""

Share = Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 1})]
Emotion = TypeAliasType(
    "Emotion", Literal["anger", "fear", "joy", "love", "sadness", "surprise", "neutral"]
)
"""One of api.domain.posts.EMOTIONS, as a schema of its own."""

Direction = TypeAliasType("Direction", Literal["positive", "negative"])
BucketSize = TypeAliasType("BucketSize", Literal["day", "week", "month"])


class ScoresDocument(BaseModel):
    """Scores of the seven emotions, which sum to 1."""

    anger: Share
    fear: Share
    joy: Share
    love: Share
    sadness: Share
    surprise: Share
    neutral: Share

    model_config = example(examples.SCORES)


class PeakDocument(BaseModel):
    """The own post with the highest probability of one emotion."""

    post_id: str
    text: str
    created_at: StoredTime
    emotion: Emotion
    probability: Share = Field(description="probability of the emotion, after the irony shift")


class InfluenceDocument(BaseModel):
    """A post that moved the mood, and how far."""

    post_id: str
    text: str
    created_at: StoredTime
    ownership: Ownership
    weight_share: Share = Field(description="its weight over that of all posts")
    contribution: float = Field(
        description="weight_share times the positivity - negativity of the post; those of all posts"
        " sum to the positivity - negativity of the result"
    )
    direction: Direction = Field(description="the side to which the post moved the mood")


class MovedPostDocument(BaseModel):
    """A post that moved the balance of lighter and heavier feelings since the earlier analysis."""

    post_id: str
    text: str
    created_at: StoredTime
    effect: float = Field(description="its part of the change of the balance")
    new: bool = Field(description="whether the earlier analysis did not have it")
    corrected: bool = Field(
        False, description="whether its correction was made, changed or taken back since"
    )


class ChangedByDocument(BaseModel):
    """How the mood differs from that of an earlier analysis, and the posts that made it so."""

    analysis_id: str = Field(description="the earlier analysis")
    mood: Mood = Field(description="its mood")
    label: MoodLabel
    balance_change: float = Field(description="positivity - negativity now less the same then")
    words: str = Field(description="the change in a sentence")
    posts: list[MovedPostDocument] = Field(description="largest effect first")


class SupportEntryDocument(BaseModel):
    """A helpline; country is null for one that is for any country."""

    name: str
    contact: str
    url: str = Field(json_schema_extra={"format": "uri"})
    country: str | None


class PostCountsDocument(BaseModel):
    """Numbers of posts counted, in total and by ownership."""

    total: int
    own: int
    shared: int
    liked: int


def _describe_constants(schema: dict[str, Any]) -> None:
    kinds = {float: "number", int: "integer", str: "string"}
    for constant in fields(ScoringConfig):
        if constant.name not in schema["properties"]:
            kind = kinds[type(constant.default)]
            schema["properties"][constant.name] = {"title": constant.name, "type": kind}
    schema["example"] = DEFAULT.to_dict()
    schema["required"] = ["name"]


class ScoringDocument(BaseModel):
    """Constants of scoring, mood and confidence that the result was computed with.

    A result of an earlier version has the constants of that version, which may be others.
    """

    name: str
    recency_form: RecencyForm
    activity_form: ActivityForm

    model_config = ConfigDict(extra="allow", json_schema_extra=_describe_constants)


class CorrectionsDocument(RootModel[dict[str, Emotion]]):
    """The emotions to which the user corrected posts, by post_id."""


class ResultDocument(BaseModel):
    """The mood of a user's posts and the figures that it rests on; reason says why there is none.

    scores, positivity and negativity are null if no post has a weight, or if too few are in a
    language that the model reads; mood, label, summary, why and confidence are null then, and also
    if too few posts have a feeling in them.
    """

    mood: Mood | None
    label: MoodLabel | None
    reason: str | None = Field(description="why there is no mood; null if there is one")
    summary: str | None = Field(description="the mood in a sentence")
    why: str | None = Field(None, description="the comparison that decided the mood, with numbers")
    scores: ScoresDocument | None
    positivity: float | None = Field(description="how much lighter feelings weigh")
    negativity: float | None = Field(description="how much heavier feelings weigh")
    confidence: Share | None = Field(
        description="probability that the user would say the same of the side, heavy or light"
    )
    confidence_words: str | None = Field(None, description="confidence and what it is about")
    effective_sample_size: float = Field(description="how many posts of equal weight these equal")
    as_of: StoredTime = Field(description="the time from which the ages of posts are measured")
    posts: PostCountsDocument
    feeling_posts: int | None = Field(
        None, description="posts that have a weight and a feeling in them, copies once"
    )
    neutral_share: Share | None = Field(description="share of the posts that have no feeling")
    newest_post_at: StoredTime | None
    oldest_post_at: StoredTime | None
    stale: bool = Field(description="whether the newest post is too old to tell about today")
    stale_note: str | None = Field(None, description="a sentence to show if stale")
    happiest: PeakDocument | None
    saddest: PeakDocument | None
    moved_most: list[InfluenceDocument] = Field(description="largest contribution first")
    changed_by: ChangedByDocument | None = Field(
        None, description="what changed since the analysis before; null if nothing did"
    )
    truncated_share: Share | None = Field(description="share of the posts that were cut")
    not_english: int | None = Field(None, description="posts in another language than English")
    not_english_share: Share
    language_known: int | None = Field(None, description="posts whose language is known")
    language_note: str | None = Field(None, description="a sentence to show if any are not")
    corrected_posts: int | None = Field(
        None, description="posts that count as the emotion to which the user corrected them"
    )
    corrections: CorrectionsDocument | None = Field(
        None, description="these emotions by post_id; null if there are more than 1,000"
    )
    model: str = Field(description="name and version of the model that classified the posts")
    model_note: str | None = Field(
        None, description="a sentence to show if another model is served now"
    )
    scoring: ScoringDocument
    support: list[SupportEntryDocument] = Field(
        description="helplines to show with a heavy mood; empty otherwise"
    )

    model_config = ConfigDict(
        json_schema_extra={"example": examples.RESULT},
        json_schema_serialization_defaults_required=True,
    )


_LATER_FIELDS = {
    name: field.default
    for name, field in ResultDocument.model_fields.items()
    if not field.is_required()
}


def result_document(
    result: Mapping[str, Any] | None,
    support: SupportList,
    country: str | None,
    served_model: Callable[[], str | None],
) -> dict[str, Any] | None:
    """Return a stored result as ResultDocument has it, None without a result.

    It is JSON values already, so it is not validated. Fields that the version which stored it did
    not have are null. Labels, confidence_words, helplines and model_note are not stored: the words
    and the list change, and so do the reader's country and the model that is served.
    """
    if result is None:
        return None
    answered = labelled({**_LATER_FIELDS, **result})
    if answered["changed_by"] is not None:
        answered["changed_by"] = labelled(answered["changed_by"])
    answered["confidence_words"] = confidence_words(result["mood"], result["confidence"])
    answered["model_note"] = model_note(result["model"], served_model())
    return {**answered, "support": support.entries_for(result, country)}
