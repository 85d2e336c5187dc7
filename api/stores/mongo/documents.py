"""Conversion of documents to domain objects and back, and filters built from values only.

In a filter each value stands behind an operator of ours, so a document like {"$gt": ""} in the
place of a name is compared as a document and never run as an operator.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    FetchPosition,
    Problem,
    Progress,
    SourceCost,
)
from api.domain.posts import Classification, Engagement, Ownership, Post
from api.ports.store import UserRecord
from api.stores.mongo.connections import Document
from api.stores.values import LARGEST, optional_time_of, stored_text, stored_time, time_of

ALIVE = {"erased_at": {"$eq": None}}
"""Filter of users who are not being erased."""

_YEAR_1 = stored_time(datetime(1, 1, 1, tzinfo=UTC))


def equal(**values: Any) -> dict[str, Any]:
    """Return a filter of fields that equal these values; `id` stands for `_id`."""
    return {("_id" if name == "id" else name): {"$eq": value} for name, value in values.items()}


def sort_key_of(post: Post) -> str:
    """Return the text by which a user's posts are sorted: age, then length and text of the id."""
    return f"{stored_time(post.created_at) - _YEAR_1:018d} {len(post.post_id):03d} {post.post_id}"


def stored_post(post: Post) -> Document:
    """Return the fields of a post."""
    return {
        "post_id": post.post_id,
        "text": stored_text(post.text),
        "created_at": stored_time(post.created_at),
        "place": sort_key_of(post),
        "ownership": post.ownership.value,
        "engagement": {name: min(n, LARGEST) for name, n in asdict(post.engagement).items()},
        "language": post.language,
        "hashtags": [stored_text(hashtag) for hashtag in post.hashtags],
    }


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
    )


def stored_classification(classification: Classification) -> Document:
    """Return the field `classification` of a post."""
    return {**asdict(classification), "scores": dict(classification.scores)}


def classification_of(document: Mapping[str, Any]) -> Classification:
    """Read the classification of a classified post."""
    return Classification(**document["classification"])


def user_of(document: Mapping[str, Any]) -> UserRecord:
    """Read a user."""
    return UserRecord(
        user_id=document["_id"],
        user_name=document["user_name"],
        created_at=time_of(document["created_at"]),
        consented_at=optional_time_of(document["consented_at"]),
    )


def analysis_of(document: Mapping[str, Any]) -> Analysis:
    """Read an analysis."""
    result, problem = document.get("result"), document.get("problem")
    state, progress = AnalysisState(document["state"]), document["progress"]
    cost, place = progress["source_cost"], progress.get("place")
    # 0 if it is not deferred, absent if it is not queued or running.
    waits_from = document.get("waits_from") if state is AnalysisState.QUEUED else None
    return Analysis(
        analysis_id=document["_id"],
        request=AnalysisRequest(
            user_id=document["user_id"],
            source=document["source"],
            max_posts=document["max_posts"],
            as_of=document["as_of"],
            source_user=document["source_user"],
        ),
        created_at=time_of(document["created_at"]),
        state=state,
        progress=Progress(
            **{
                **progress,
                "source_cost": None if cost is None else SourceCost(**cost),
                "place": None if place is None else FetchPosition(**place),
            }
        ),
        attempt=document["attempt"],
        started_at=optional_time_of(document.get("started_at")),
        finished_at=optional_time_of(document.get("finished_at")),
        result=None if result is None else json.loads(result),
        problem=None if problem is None else Problem(**problem),
        waits_until=time_of(waits_from) if waits_from else None,
    )
