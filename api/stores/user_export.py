"""Format of the user data export: everything stored about one user, as JSON values."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.domain.analyses import Analysis
from api.domain.mood.moods import Mood
from api.domain.posts import StoredPost
from api.ports.store import UserRecord
from api.stores.values import optional_time_of, time_of


def user_export(
    user: UserRecord,
    *,
    matchable: bool,
    training: bool,
    hashtags: Iterable[str],
    consents: Iterable[tuple[int | None, str | None, bool]],
    posts: Iterable[dict[str, Any]],
    analyses: Iterable[tuple[Analysis, list[str]]],
    sources: Iterable[tuple[str, str, str]],
    sign_ins: Iterable[str],
    moods: Iterable[tuple[str, str | None, int]],
    feedback: Iterable[tuple[str, str, int]],
) -> dict[str, Any]:
    """Return everything stored about a user; integers are stored times.

    consents come with the version of the words and whether they included training, posts from
    exported_post, analyses with their idempotency keys, sources as (source, account, id of the
    newest fetched post), moods and feedback as (analysis_id, mood, time). sign_ins are names of
    sources, without tokens: a token gives access at the source.
    """
    return {
        "user": {
            "user_id": user.user_id,
            "user_name": user.user_name,
            "created_at": _time(user.created_at),
            "consented_at": _time(user.consented_at),
            "matchable": matchable,
            "training": training,
            "hashtags": list(hashtags),
        },
        "consents": [
            {"consented_at": _time(optional_time_of(at)), "words": words, "training": training}
            for at, words, training in consents
        ],
        "posts": list(posts),
        "analyses": [_analysis(analysis, keys) for analysis, keys in analyses],
        "sources": [
            {"source": source, "account": account, "fetched_to": post_id}
            for source, account, post_id in sources
        ],
        "sign_ins": list(sign_ins),
        "moods": [_mood(*one) for one in moods],
        "feedback": [_mood(*one) for one in feedback],
    }


def exported_post(stored: StoredPost, saved_at: datetime, model: str | None) -> dict[str, Any]:
    """Return a post; model is None if it is not classified."""
    post, classification = stored.post, stored.classification
    return {
        "post_id": post.post_id,
        "text": post.text,
        "created_at": _time(post.created_at),
        "ownership": post.ownership.value,
        "engagement": asdict(post.engagement),
        "language": post.language,
        "hashtags": list(post.hashtags),
        "earlier_ids": list(post.earlier_ids),
        "own_word": post.own_word,
        "saved_at": _time(saved_at),
        "classification": classification and {"model": model, **asdict(classification)},
        "correction": stored.correction,
    }


def _analysis(analysis: Analysis, idempotency_keys: list[str]) -> dict[str, Any]:
    request = analysis.request
    return {
        "analysis_id": analysis.analysis_id,
        "idempotency_keys": idempotency_keys,
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


def _mood(analysis_id: str, mood: str | None, at: int) -> dict[str, Any]:
    label = None if mood is None else Mood(mood).label.value
    return {
        "analysis_id": analysis_id,
        "mood": mood,
        "label": label,
        "created_at": _time(time_of(at)),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
