"""Document of one stored post, with its emotion and the user's correction."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.domain.post_ids import post_url
from api.domain.posts import Ownership, StoredPost
from api.routes import openapi_examples as examples
from api.routes.documents.imports import EngagementDocument
from api.routes.documents.results import Emotion, ScoresDocument, Share
from api.routes.openapi_examples import example


class PostDocument(BaseModel):
    """A stored post; scores and irony are null before the first analysis that reads it."""

    post_id: str
    text: str
    created_at: datetime
    ownership: Ownership
    url: Annotated[str, Field(json_schema_extra={"format": "uri"})] | None = Field(
        description="where the post can be read, as far as its id tells"
    )
    hashtags: list[str]
    engagement: EngagementDocument
    language: str | None = Field(description="the language that the source names, else detected")
    emotion: Emotion | None = Field(
        description="the emotion that counts: the correction, else the one the model finds"
    )
    scores: ScoresDocument | None = Field(description="as the model gave them, corrected or not")
    irony: Share | None
    read: bool = Field(description="whether it is classified, and in a language that is read")
    correction: Emotion | None = Field(description="the emotion that the user says it has")

    model_config = example(examples.POST)


def post_document(stored: StoredPost) -> dict[str, Any]:
    """Return a stored post as JSON values."""
    post, found = stored.post, stored.classification
    return PostDocument.model_validate(
        {
            "post_id": post.post_id,
            "text": post.text,
            "created_at": post.created_at,
            "ownership": post.ownership,
            "url": post_url(post.post_id, post.created_at),
            "hashtags": list(post.hashtags),
            "engagement": EngagementDocument.model_validate(post.engagement),
            "language": stored.language,
            "emotion": stored.emotion,
            "scores": found and dict(found.scores),
            "irony": found and found.irony,
            "read": stored.read,
            "correction": stored.correction,
        }
    ).model_dump(mode="json")
