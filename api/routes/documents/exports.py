"""Documents of the export: everything that is stored about a user."""

from pydantic import BaseModel, ConfigDict, Field

from api.domain.analyses import AnalysisState
from api.domain.mood.moods import Mood, MoodLabel
from api.domain.posts import Ownership
from api.routes import openapi_examples as examples
from api.routes.documents.imports import EngagementDocument
from api.routes.documents.results import Emotion, ScoresDocument, Share, StoredTime
from api.routes.openapi_examples import example


class ExportedUserDocument(BaseModel):
    """The user as stored; hashtags are the interests by which others may be recommended."""

    user_id: str
    user_name: str
    created_at: StoredTime
    consented_at: StoredTime | None
    matchable: bool
    training: bool = Field(description="whether corrections and feedback may be used to train")
    hashtags: list[str]


class ExportedConsentDocument(BaseModel):
    """A consent that was given, and the version of its words; both null if neither was recorded."""

    consented_at: StoredTime | None
    words: str | None
    training: bool


class ExportedClassificationDocument(BaseModel):
    """The model's output for one post."""

    model: str
    label: Emotion
    scores: ScoresDocument
    irony: Share
    tokens: int
    truncated: bool
    language: str | None


class ExportedPostDocument(BaseModel):
    """A post as stored; classification is null before the first analysis that reads it."""

    post_id: str
    text: str
    created_at: StoredTime
    ownership: Ownership
    engagement: EngagementDocument
    language: str | None
    hashtags: list[str]
    earlier_ids: list[str] = Field(description="ids of earlier versions of an edited post")
    own_word: str | None = Field(description="the writer's own word for their mood (Daylio)")
    saved_at: StoredTime
    classification: ExportedClassificationDocument | None
    correction: Emotion | None = Field(description="the emotion to which the user corrected it")


class StoredFieldsDocument(BaseModel):
    """A JSON object with the fields of the version that stored it."""

    model_config = ConfigDict(extra="allow")


class ExportedAnalysisDocument(BaseModel):
    """An analysis as stored; progress, result and problem have the fields of their version."""

    analysis_id: str
    idempotency_keys: list[str]
    source: str
    source_user: str | None
    max_posts: int | None
    as_of: str
    state: AnalysisState
    progress: StoredFieldsDocument
    attempt: int
    created_at: StoredTime
    started_at: StoredTime | None
    finished_at: StoredTime | None
    waits_until: StoredTime | None
    result: StoredFieldsDocument | None
    problem: StoredFieldsDocument | None


class ExportedSourceDocument(BaseModel):
    """An account from which posts were fetched, and how far."""

    source: str
    account: str
    fetched_to: str = Field(description="id of the newest post fetched")


class ExportedMoodDocument(BaseModel):
    """The mood of an analysis, or the user's own word for it; null if there was none."""

    analysis_id: str
    mood: Mood | None
    label: MoodLabel | None = Field(description="the word for it that people read")
    created_at: StoredTime


class ExportDocument(BaseModel):
    """Everything stored about a user; each list is in the order in which its items were made."""

    user: ExportedUserDocument
    consents: list[ExportedConsentDocument]
    posts: list[ExportedPostDocument]
    analyses: list[ExportedAnalysisDocument]
    sources: list[ExportedSourceDocument]
    sign_ins: list[str] = Field(description="sources at which the user signed in, without tokens")
    moods: list[ExportedMoodDocument]
    feedback: list[ExportedMoodDocument]

    model_config = example(examples.EXPORT)
