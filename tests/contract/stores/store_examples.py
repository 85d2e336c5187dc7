"""Posts, classifications and analyses for tests of the store's contract."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    FetchPosition,
    Lease,
    Progress,
    SourceCost,
    StageSeconds,
)
from api.domain.posts import EMOTIONS, Classification, Engagement, Ownership, Post
from api.ports.store import Store

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
ALICE = "alice"
MODEL = "moodline@1"
OTHER_MODEL = "moodline@2"
PROGRESS = Progress(
    fetched=4,
    classified=3,
    reused=2,
    total=5,
    source_cost=SourceCost(6, 1, 2, 0.04, "USD"),
    place=FetchPosition(next_at="42 timeline 4 t4", newer_than=None, newest="9"),
    seconds=StageSeconds(queue=0.5, fetch=2.0, classify=3.25, decide=0.0),
)


def a_post(number: int, **changes: Any) -> Post:
    """Return a post with this number as its id; higher numbers are newer."""
    post = Post(
        post_id=str(number),
        text=f"post {number}",
        created_at=NOW - timedelta(days=365) + timedelta(minutes=number),
    )
    return replace(post, **changes)


def a_full_post() -> Post:
    """Return a post in which no field has its default."""
    return Post(
        post_id="1899999999999999999",
        text='a "quoted" line\nand 🙂 \x00 é',
        created_at=datetime(2021, 2, 3, 4, 5, 6, 789, tzinfo=UTC),
        ownership=Ownership.SHARED,
        engagement=Engagement(1, 2, 3, 4, 5, 6),
        language="pt-BR",
        hashtags=("music", "été"),
        earlier_ids=("1899999999999999997", "1899999999999999998"),
        own_word="so-so",
    )


def a_classification(label: str = "joy") -> Classification:
    """Return a classification whose probabilities have no short decimal form."""
    scores = dict.fromkeys(EMOTIONS, 1 / 3 / 7)
    scores[label] += 2 / 3
    return Classification(
        label=label, scores=scores, irony=1 / 7, tokens=17, truncated=True, language="pt"
    )


def an_analysis(analysis_id: str = "a1", user_id: str = ALICE, **changes: Any) -> Analysis:
    """Return an analysis that is not queued yet."""
    return replace(Analysis(analysis_id, AnalysisRequest(user_id), created_at=NOW), **changes)


def known(store: Store, user_id: str = ALICE) -> str:
    store.ensure_user(user_id, user_id.title(), NOW)
    return user_id


def queued(store: Store, analysis_id: str = "a1", user_id: str = ALICE, **changes: Any) -> str:
    """Queue an analysis of a user, who is created if unknown."""
    known(store, user_id)
    _, created = store.create_analysis(
        an_analysis(analysis_id, user_id, **changes), idempotency_key=None
    )
    assert created
    return analysis_id


def claimed(store: Store, analysis_id: str = "a1", user_id: str = ALICE) -> Lease:
    queued(store, analysis_id, user_id)
    return taken(store, analysis_id)


def taken(store: Store, analysis_id: str | None, now: datetime = NOW) -> Lease:
    """Claim an analysis for a minute, or take over the named one where it is held."""
    times = {"now": now, "until": now + timedelta(minutes=1)}
    held = [hold for hold in store.holds() if hold.analysis_id == analysis_id]
    if held:
        claim = store.take_over(held[0], owner="worker", **times)
    else:
        claim = store.claim(analysis_id, owner="worker", **times)
    assert claim is not None
    return claim[1]


def finished(
    store: Store,
    analysis_id: str = "a1",
    user_id: str = ALICE,
    *,
    mood: str | None = "Cheerful",
    at: datetime = SOON,
    hashtags: tuple[str, ...] = (),
) -> None:
    store.finish(
        claimed(store, analysis_id, user_id),
        at=at,
        progress=Progress(1, 2, 3, 4),
        mood=mood,
        result={"mood": mood, "by": analysis_id},
        hashtags=hashtags,
    )


def cancelled(store: Store, analysis_id: str) -> None:
    queued(store, analysis_id)
    store.cancel(analysis_id, LATER)


def classified(store: Store, *numbers: int, model: str = MODEL, label: str = "joy") -> None:
    """Classify posts of Alice in an analysis that is released afterwards."""
    classified_as(store, {str(number): label for number in numbers}, model)


def classified_as(store: Store, labels: Mapping[str, str], model: str = MODEL) -> None:
    """Classify posts of Alice by id in an analysis that is released afterwards."""
    active = store.create_analysis(an_analysis(f"by-{model}"), idempotency_key=None)[0]
    lease = taken(store, active.analysis_id)
    store.save_classifications(
        lease, model, [(post_id, a_classification(label)) for post_id, label in labels.items()]
    )
    store.release(lease)


def unclassified_ids(store: Store, *, max_posts: int | None = None, limit: int = 99) -> list[str]:
    posts = store.unclassified_posts(ALICE, MODEL, max_posts=max_posts, limit=limit)
    return [post.post_id for post in posts]


def classified_ids(store: Store, model: str = MODEL, *, max_posts: int | None = None) -> list[str]:
    found = store.classified_posts(ALICE, model, max_posts=max_posts)
    return [one.post.post_id for one in found]


def with_posts(store: Store, *numbers: int) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(number) for number in numbers], NOW)


def stored(store: Store, analysis_id: str = "a1") -> Analysis:
    analysis = store.analysis(analysis_id)
    assert analysis is not None
    return analysis
