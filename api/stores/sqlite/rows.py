"""Turn rows into domain objects and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    FetchPosition,
    Problem,
    Progress,
    SourceCost,
)
from api.domain.posts import EMOTIONS, Classification, Engagement, Ownership, Post
from api.errors import NotFoundError
from api.ports.store import UserRecord
from api.stores.values import (
    LARGEST,
    optional_time_of,
    stored_json,
    stored_text,
    stored_time,
    time_of,
)

_OWNERSHIPS = {each.value: each for each in Ownership}
# Where the columns of the table posts stand; a migration adds columns at its end.
_POST = slice(2, 14)  # post_id to hashtags
_CLASSIFICATION = slice(16, 27)  # label to truncated


def user_key_of(connection: sqlite3.Connection, user_id: str) -> int:
    """Return the key under which a user's rows are kept. Raises NotFoundError."""
    row = connection.execute("SELECT user_key FROM users WHERE user_id = ?", (user_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no user {user_id!r}")
    return int(row["user_key"])


def user_of(row: sqlite3.Row) -> UserRecord:
    """Read a user from a row of users."""
    return UserRecord(
        user_id=row["user_id"],
        user_name=row["user_name"],
        created_at=time_of(row["created_at"]),
        consented_at=optional_time_of(row["consented_at"]),
    )


def stored_post(post: Post) -> tuple[str | int | None, ...]:
    """Return the columns of a post, post_id to hashtags, in the order of posts."""
    counts = post.engagement
    return (
        post.post_id,
        stored_text(post.text),
        stored_time(post.created_at),
        post.ownership.value,
        min(counts.likes, LARGEST),
        min(counts.reposts, LARGEST),
        min(counts.replies, LARGEST),
        min(counts.quotes, LARGEST),
        min(counts.bookmarks, LARGEST),
        min(counts.impressions, LARGEST),
        post.language,
        stored_json(post.hashtags),
    )


def post_of(row: sqlite3.Row) -> Post:
    """Read a post from a row with all columns of posts."""
    # By place, not by name: looking up 24 names took most of the time of reading a post. For the
    # same reason scores are written out below.
    post_id, text, created_at, ownership, *engagement, language, hashtags = row[_POST]
    return Post(
        post_id=post_id,
        text=text,
        created_at=time_of(created_at),
        ownership=_OWNERSHIPS[ownership],
        engagement=Engagement(*engagement),
        language=language,
        hashtags=_hashtags(hashtags),
    )


def _hashtags(stored: str) -> tuple[str, ...]:
    if stored == "[]":
        return ()
    if "\\" in stored:
        return tuple(json.loads(stored))
    return tuple(stored[2:-2].split('","'))  # nothing is escaped in it: a tenth of the time


def stored_classification(classification: Classification) -> tuple[str | float, ...]:
    """Return the columns of a classification, label to truncated, in the order of posts."""
    return (
        classification.label,
        *(classification.scores[emotion] for emotion in EMOTIONS),
        classification.irony,
        classification.tokens,
        classification.truncated,
    )


def classification_of(row: sqlite3.Row) -> Classification:
    """Read the classification from a row with all columns of posts that has one."""
    (label, anger, fear, joy, love, sadness, surprise, neutral, irony, tokens, truncated) = row[
        _CLASSIFICATION
    ]
    return Classification(
        label=label,
        scores={
            "anger": anger,
            "fear": fear,
            "joy": joy,
            "love": love,
            "sadness": sadness,
            "surprise": surprise,
            "neutral": neutral,
        },
        irony=irony,
        tokens=tokens,
        truncated=bool(truncated),
    )


def stored_progress(progress: Progress) -> tuple[int | str | None, ...]:
    """Return the columns of progress: its five as they are named, then fetch_place."""
    cost, place = progress.source_cost, progress.place
    return (
        progress.fetched,
        progress.classified,
        progress.reused,
        progress.total,
        None if cost is None else stored_json(asdict(cost)),
        None if place is None else stored_json(asdict(place)),
    )


def analysis_of(row: sqlite3.Row) -> Analysis:
    """Read an analysis from a row of analyses joined with its user_id."""
    return Analysis(
        analysis_id=row["analysis_id"],
        request=AnalysisRequest(
            user_id=row["user_id"],
            source=row["source"],
            max_posts=row["max_posts"],
            as_of=row["as_of"],
            source_user=row["source_user"],
        ),
        created_at=time_of(row["created_at"]),
        state=AnalysisState(row["state"]),
        progress=Progress(
            row["fetched"],
            row["classified"],
            row["reused"],
            row["total"],
            None if row["source_cost"] is None else SourceCost(**json.loads(row["source_cost"])),
            None if row["fetch_place"] is None else FetchPosition(**json.loads(row["fetch_place"])),
        ),
        attempt=row["attempt"],
        started_at=optional_time_of(row["started_at"]),
        finished_at=optional_time_of(row["finished_at"]),
        result=None if row["result"] is None else json.loads(row["result"]),
        problem=None if row["problem"] is None else Problem(**json.loads(row["problem"])),
        waits_until=optional_time_of(row["lease_until"]) if row["state"] == "queued" else None,
    )


def hashtags_of(rows: Sequence[sqlite3.Row]) -> tuple[str, ...]:
    """Read hashtags from rows of user_hashtags."""
    return tuple(row["hashtag"] for row in rows)
