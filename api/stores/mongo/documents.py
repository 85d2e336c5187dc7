"""Conversion of documents to domain objects and back, and filters built from values only.

In a filter each value stands behind an operator of ours, so a document like {"$gt": ""} in the
place of a name is compared as a document and never run as an operator.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from api.domain.analyses import Analysis, AnalysisState
from api.domain.posts import (
    Classification,
    ClassifiedPost,
    Engagement,
    Ownership,
    Post,
    StoredPost,
)
from api.stores.mongo.connections import Document
from api.stores.values import LARGEST, read_analysis, stored_text, stored_time, time_of

ALIVE = {"erased_at": {"$eq": None}}
"""Filter of users who are not being erased."""

_YEAR_1 = stored_time(datetime(1, 1, 1, tzinfo=UTC))


def equal(**values: Any) -> dict[str, Any]:
    """Return a filter of fields that equal these values; `id` stands for `_id`."""
    return {("_id" if name == "id" else name): {"$eq": value} for name, value in values.items()}


def sort_key_of(post: Post) -> str:
    """Return the text by which a user's posts are sorted: age, then length and text of the id."""
    return sort_key(post.created_at, post.post_id)


def sort_key(created_at: datetime, post_id: str) -> str:
    """Return the text by which a post of this time and id is sorted."""
    return f"{time_key(created_at)} {len(post_id):03d} {post_id}"


def time_key(created_at: datetime) -> str:
    """Return the beginning of the sort_key of posts of this time, which sorts before them all."""
    return f"{stored_time(created_at) - _YEAR_1:018d}"


def stored_post(post: Post) -> Document:
    """Return the fields of a post; earlier_ids only where there are some, for their index."""
    stored: Document = {
        "post_id": post.post_id,
        "text": stored_text(post.text),
        "created_at": stored_time(post.created_at),
        "place": sort_key_of(post),
        "ownership": post.ownership.value,
        "engagement": {name: min(n, LARGEST) for name, n in asdict(post.engagement).items()},
        "language": post.language,
        "hashtags": [stored_text(hashtag) for hashtag in post.hashtags],
        "own_word": None if post.own_word is None else stored_text(post.own_word),
    }
    if post.earlier_ids:
        stored["earlier_ids"] = list(post.earlier_ids)
    return stored


def post_of(document: Mapping[str, Any]) -> Post:
    """Read a post."""
    return Post(
        post_id=document["post_id"],
        text=document["text"],
        created_at=time_of(document["created_at"]),
        ownership=Ownership(document["ownership"]),
        engagement=Engagement(**document["engagement"]),
        language=document["language"],
        hashtags=tuple(document["hashtags"]),
        earlier_ids=tuple(document.get("earlier_ids", ())),
        own_word=document.get("own_word"),
    )


def classification_of(document: Mapping[str, Any]) -> Classification:
    """Read the classification of a classified post."""
    return Classification(**document["classification"])


def classified_post_of(document: Mapping[str, Any]) -> ClassifiedPost:
    """Read a classified post."""
    correction = document.get("correction")
    return ClassifiedPost(post_of(document), classification_of(document), correction)


def stored_post_of(document: Mapping[str, Any]) -> StoredPost:
    """Read a post, classified or not."""
    classification = classification_of(document) if "model" in document else None
    return StoredPost(post_of(document), classification, document.get("correction"))


def analysis_of(document: Mapping[str, Any]) -> Analysis:
    """Read an analysis."""
    # 0 if it is not deferred, absent if it is not queued or running.
    queued = document["state"] == AnalysisState.QUEUED
    return read_analysis(
        document["_id"],
        document,
        progress=document["progress"],
        problem=document.get("problem"),
        waits_until=(document.get("waits_from") if queued else None) or None,
    )
