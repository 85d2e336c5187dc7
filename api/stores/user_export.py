"""Put together everything that is held about one user, as JSON values for them to take along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from api.domain.analyses import Analysis
from api.domain.posts import Classification, Post


@dataclass(frozen=True, slots=True)
class HeldPost:
    """Hold a post with what is kept beside it; model and classification are None together."""

    post: Post
    saved_at: datetime
    model: str | None
    classification: Classification | None


@dataclass(frozen=True, slots=True)
class HeldMood:
    """Hold a mood of the history, or the user's own word on it."""

    analysis_id: str
    mood: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Hold everything about a user.

    consents are times with the version of the words, analyses come with their idempotency keys,
    sources are sources with the account there and the post up to which it was fetched. sign_ins
    names where the user has signed in, not the tokens: whoever has one may read at the source.
    """

    user_id: str
    user_name: str
    created_at: datetime
    consented_at: datetime | None
    matchable: bool
    hashtags: Iterable[str]
    consents: Iterable[tuple[datetime | None, str | None]]
    posts: Iterable[HeldPost]
    analyses: Iterable[tuple[Analysis, str | None]]
    sources: Iterable[tuple[str, str, str]]
    sign_ins: Iterable[str]
    moods: Iterable[HeldMood]
    feedback: Iterable[HeldMood]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "user": {
                "user_id": self.user_id,
                "user_name": self.user_name,
                "created_at": _time(self.created_at),
                "consented_at": _time(self.consented_at),
                "matchable": self.matchable,
                "hashtags": list(self.hashtags),
            },
            "consents": [
                {"consented_at": _time(at), "words": words} for at, words in self.consents
            ],
            "posts": [_post(held) for held in self.posts],
            "analyses": [_analysis(analysis, key) for analysis, key in self.analyses],
            "sources": [
                {"source": source, "account": account, "fetched_to": post_id}
                for source, account, post_id in self.sources
            ],
            "sign_ins": list(self.sign_ins),
            "moods": [_mood(held) for held in self.moods],
            "feedback": [_mood(held) for held in self.feedback],
        }


def _post(held: HeldPost) -> dict[str, Any]:
    post, said = held.post, held.classification
    return {
        "post_id": post.post_id,
        "text": post.text,
        "created_at": _time(post.created_at),
        "ownership": post.ownership.value,
        "engagement": asdict(post.engagement),
        "language": post.language,
        "hashtags": list(post.hashtags),
        "saved_at": _time(held.saved_at),
        "classification": None
        if said is None
        else {
            "model": held.model,
            "label": said.label,
            "scores": dict(said.scores),
            "irony": said.irony,
            "tokens": said.tokens,
            "truncated": said.truncated,
        },
    }


def _analysis(analysis: Analysis, idempotency_key: str | None) -> dict[str, Any]:
    request = analysis.request
    return {
        "analysis_id": analysis.analysis_id,
        "idempotency_key": idempotency_key,
        "source": request.source,
        "source_user": request.source_user,
        "max_posts": request.max_posts,
        "as_of": request.as_of,
        "state": analysis.state.value,
        "progress": asdict(analysis.progress),
        "attempt": analysis.attempt,
        "created_at": _time(analysis.created_at),
        "started_at": _time(analysis.started_at),
        "finished_at": _time(analysis.finished_at),
        "waits_until": _time(analysis.waits_until),
        "result": None if analysis.result is None else dict(analysis.result),
        "problem": None if analysis.problem is None else asdict(analysis.problem),
    }


def _mood(held: HeldMood) -> dict[str, Any]:
    return {
        "analysis_id": held.analysis_id,
        "mood": held.mood,
        "created_at": _time(held.created_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
