"""A store in memory that keeps the promises of the port."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from api.domain.analyses import Analysis, AnalysisState, Lease, Problem, Progress
from api.domain.posts import Classification, ClassifiedPost, Engagement, Post
from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import LeaseLostError, NotFoundError, StoreUnavailableError
from api.ports.store import MoodRecord, Retention, SavedPosts, UserRecord
from api.stores.idempotency import refuse_another
from api.stores.user_export import Held, HeldMood, HeldPost
from api.stores.values import LARGEST, stored_text


@dataclass
class _User:
    record: UserRecord
    matchable: bool = False
    posts: dict[str, Post] = field(default_factory=dict)
    saved_at: dict[str, datetime] = field(default_factory=dict)
    classified: dict[str, tuple[str, Classification]] = field(default_factory=dict)
    moods: list[MoodRecord] = field(default_factory=list)
    hashtags: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    marks: dict[tuple[str, str], str] = field(default_factory=dict)
    sign_ins: dict[str, str | None] = field(default_factory=dict)
    consents: list[tuple[datetime | None, str | None]] = field(default_factory=list)

    def newest(self, max_posts: int | None) -> list[Post]:
        ordered = sorted(
            self.posts.values(),
            key=lambda post: (post.created_at, len(post.post_id), post.post_id),
            reverse=True,
        )
        return ordered[:max_posts]


def _whole(method: Any) -> Any:
    """Run a method alone, and refuse it while the store is down."""

    @wraps(method)
    def wrapper(self: FakeStore, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            if self.down:
                raise StoreUnavailableError("The fake store is down.")
            return method(self, *args, **kwargs)

    return wrapper


class FakeStore:
    """Keep everything in dictionaries."""

    def __init__(self) -> None:
        self.down = False
        self.closed = False
        self.retention = Retention()
        self.feedback: dict[str, tuple[str, datetime]] = {}
        self._users: dict[str, _User] = {}
        self._analyses: dict[str, Analysis] = {}
        self._leases: dict[str, Lease] = {}
        self._tokens = 0
        self._catalogue: list[CatalogueItem] = []
        self._lock = threading.RLock()

    @_whole
    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        new = _User(UserRecord(user_id, user_name, at.astimezone(UTC), None))
        return self._users.setdefault(user_id, new).record

    def _known(self, user_id: str) -> _User:
        if user_id not in self._users:
            raise NotFoundError(f"There is no user {user_id!r}.")
        return self._users[user_id]

    @_whole
    def user(self, user_id: str) -> UserRecord | None:
        user = self._users.get(user_id)
        return user.record if user else None

    @_whole
    def set_consent(self, user_id: str, at: datetime | None, *, words: str | None = None) -> None:
        user = self._known(user_id)
        user.consents.append((at, words))
        user.record = replace(user.record, consented_at=at)

    @_whole
    def set_matchable(self, user_id: str, matchable: bool) -> None:
        self._known(user_id).matchable = matchable

    @_whole
    def erase_user(self, user_id: str, at: datetime) -> None:
        self._users.pop(user_id, None)
        for analysis in [a for a in self._analyses.values() if a.request.user_id == user_id]:
            self._drop(analysis.analysis_id)

    def _drop(self, analysis_id: str) -> None:
        del self._analyses[analysis_id]
        self._leases.pop(analysis_id, None)
        self.feedback.pop(analysis_id, None)

    @_whole
    def export_user(self, user_id: str) -> Mapping[str, Any]:
        user = self._known(user_id)
        keys = {analysis_id: key for key, analysis_id in user.keys.items()}
        analyses = [a for a in self._analyses.values() if a.request.user_id == user_id]
        return Held(
            **{name: getattr(user.record, name) for name in UserRecord.__dataclass_fields__},
            matchable=user.matchable,
            hashtags=user.hashtags,
            consents=user.consents,
            posts=[
                HeldPost(
                    post,
                    user.saved_at[post.post_id],
                    *user.classified.get(post.post_id, (None, None)),
                )
                for post in user.newest(None)
            ],
            analyses=[(analysis, keys.get(analysis.analysis_id)) for analysis in analyses],
            sources=[(*place, post_id) for place, post_id in user.marks.items()],
            sign_ins=[source for source, sealed in user.sign_ins.items() if sealed],
            moods=[HeldMood(one.analysis_id, one.mood, one.created_at) for one in user.moods],
            feedback=[
                HeldMood(analysis.analysis_id, *self.feedback[analysis.analysis_id])
                for analysis in analyses
                if analysis.analysis_id in self.feedback
            ],
        ).to_dict()

    @_whole
    def save_posts(self, user_id: str, posts: Iterable[Post], at: datetime) -> SavedPosts:
        user = self._known(user_id)
        incoming = {post.post_id: _kept(post) for post in posts}
        if self._users.get(user_id) is not user:
            raise NotFoundError(f"User {user_id!r} was erased while the posts were read.")
        created = incoming.keys() - user.posts.keys()
        unchanged = {
            post_id for post_id, post in incoming.items() if user.posts.get(post_id) == post
        }
        for post_id, post in incoming.items():
            if post_id not in created and user.posts[post_id].text != post.text:
                user.classified.pop(post_id, None)
        user.posts.update(incoming)
        user.saved_at.update(dict.fromkeys(incoming, at))
        updated = len(incoming) - len(created) - len(unchanged)
        return SavedPosts(len(created), updated, len(unchanged))

    @_whole
    def count_posts(self, user_id: str) -> int:
        return len(self._users[user_id].posts) if user_id in self._users else 0

    def _unclassified(self, user_id: str, model: str, max_posts: int | None) -> list[Post]:
        if user_id not in self._users:
            return []
        user = self._users[user_id]
        return [
            post
            for post in user.newest(max_posts)
            if user.classified.get(post.post_id, ("", None))[0] != model
        ]

    @_whole
    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        return self._unclassified(user_id, model, max_posts)[:limit]

    @_whole
    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        return len(self._unclassified(user_id, model, max_posts))

    @_whole
    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        user = self._users[self._held(lease).request.user_id]
        user.classified.update(
            {post_id: (model, found) for post_id, found in classified if post_id in user.posts}
        )

    @_whole
    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        user = self._users.get(user_id)
        return [
            ClassifiedPost(post, user.classified[post.post_id][1])
            for post in (user.newest(max_posts) if user else ())
            if user.classified.get(post.post_id, ("", None))[0] == model
        ]

    @_whole
    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        user = self._users.get(user_id)
        return [
            ClassifiedPost(post, user.classified[post.post_id][1])
            for post in (user.newest(None) if user else ())
            if post.post_id in user.classified
        ]

    @_whole
    def create_analysis(
        self, analysis: Analysis, *, idempotency_key: str | None
    ) -> tuple[Analysis, bool]:
        user = self._known(analysis.request.user_id)
        if idempotency_key in user.keys:
            known = self._analyses[user.keys[idempotency_key]]
            refuse_another(known, analysis.request)
            return known, False
        active = next(
            (
                known
                for known in self._analyses.values()
                if known.request.user_id == analysis.request.user_id and not known.state.terminal
            ),
            None,
        )
        standing = active or analysis
        self._analyses[standing.analysis_id] = standing
        if idempotency_key is not None and active is None:
            user.keys[idempotency_key] = standing.analysis_id
        return standing, active is None

    @_whole
    def analysis(self, analysis_id: str) -> Analysis | None:
        return self._analyses.get(analysis_id)

    @_whole
    def claim(
        self, analysis_id: str | None, *, owner: str, now: datetime, until: datetime
    ) -> tuple[Analysis, Lease] | None:
        waiting = [a for a in self._analyses.values() if self._waits(a, now)]
        if analysis_id is not None:
            waiting = [a for a in waiting if a.analysis_id == analysis_id]
        if not waiting:
            return None
        oldest = min(waiting, key=lambda analysis: analysis.created_at)
        taken = replace(
            oldest,
            state=AnalysisState.RUNNING,
            attempt=oldest.attempt + 1,
            started_at=oldest.started_at or now,
            waits_until=None,
        )
        self._tokens += 1
        lease = Lease(taken.analysis_id, owner, self._tokens, until)
        self._analyses[taken.analysis_id] = taken
        self._leases[taken.analysis_id] = lease
        return taken, lease

    def _waits(self, analysis: Analysis, now: datetime) -> bool:
        if analysis.state is AnalysisState.QUEUED:
            return analysis.waits_until is None or analysis.waits_until < now
        lease = self._leases.get(analysis.analysis_id)
        return analysis.state is AnalysisState.RUNNING and lease is not None and lease.until < now

    def _held(self, lease: Lease) -> Analysis:
        current = self._leases.get(lease.analysis_id)
        if current is None or (current.token, current.owner) != (lease.token, lease.owner):
            raise LeaseLostError("Another run owns the analysis.")
        return self._analyses[lease.analysis_id]

    @_whole
    def renew(self, lease: Lease, *, until: datetime, progress: Progress) -> Lease:
        analysis = self._held(lease)
        renewed = replace(lease, until=until)
        self._leases[lease.analysis_id] = renewed
        self._analyses[lease.analysis_id] = replace(analysis, progress=progress)
        return renewed

    @_whole
    def finish(
        self,
        lease: Lease,
        *,
        at: datetime,
        progress: Progress,
        mood: str | None,
        result: Mapping[str, Any],
        hashtags: Sequence[str],
    ) -> None:
        analysis = self._held(lease)
        self._end(
            replace(
                analysis,
                state=AnalysisState.SUCCEEDED,
                finished_at=at,
                progress=progress,
                result=result,
            )
        )
        user = self._users[analysis.request.user_id]
        user.moods.append(MoodRecord(user.record.user_id, analysis.analysis_id, mood, at, result))
        user.hashtags = tuple(dict.fromkeys(hashtags))

    @_whole
    def fail(self, lease: Lease, *, at: datetime, progress: Progress, problem: Problem) -> None:
        analysis = self._held(lease)
        self._end(
            replace(
                analysis,
                state=AnalysisState.FAILED,
                finished_at=at,
                progress=progress,
                problem=problem,
            )
        )

    def _end(self, analysis: Analysis) -> None:
        self._analyses[analysis.analysis_id] = analysis
        del self._leases[analysis.analysis_id]

    @_whole
    def release(self, lease: Lease) -> None:
        try:
            analysis = self._held(lease)
        except LeaseLostError:
            return
        self._end(replace(analysis, state=AnalysisState.QUEUED))

    @_whole
    def defer(self, lease: Lease, until: datetime) -> None:
        analysis = self._held(lease)
        self._end(
            replace(
                analysis,
                state=AnalysisState.QUEUED,
                attempt=analysis.attempt - 1,
                waits_until=until,
            )
        )

    @_whole
    def cancel(self, analysis_id: str, at: datetime) -> Analysis:
        analysis = self._analyses.get(analysis_id)
        if analysis is None:
            raise NotFoundError("There is no analysis of that id.")
        if not analysis.state.terminal:
            analysis = replace(
                analysis,
                state=AnalysisState.CANCELLED,
                finished_at=at,
                waits_until=None,
                progress=replace(analysis.progress, place=None),
            )
            self._analyses[analysis_id] = analysis
            self._leases.pop(analysis_id, None)
        return analysis

    @_whole
    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        user = self._users.get(user_id)
        return user.marks.get((source, account)) if user else None

    @_whole
    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        marks = self._users[self._held(lease).request.user_id].marks
        if post_id is None:
            marks.pop((source, account), None)
        else:
            marks[source, account] = post_id

    @_whole
    def sign_in(self, user_id: str, source: str) -> str | None:
        user = self._users.get(user_id)
        return user.sign_ins.get(source) if user else None

    @_whole
    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        if user_id not in self._users:
            raise NotFoundError("There is no such user.")
        self._users[user_id].sign_ins[source] = sealed

    @_whole
    def latest_mood(self, user_id: str) -> MoodRecord | None:
        user = self._users.get(user_id)
        return user.moods[-1] if user and user.moods else None

    @_whole
    def interests(self, user_id: str) -> list[str]:
        return list(self._users[user_id].hashtags) if user_id in self._users else []

    @_whole
    def catalogue(self, mood: str) -> list[CatalogueItem]:
        return [item for item in self._catalogue if item.mood == mood]

    @_whole
    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        self._catalogue = list(items)

    @_whole
    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        found = [
            FriendCandidate(
                user.record.user_id,
                user.record.user_name,
                mood,
                user.moods[-1].created_at,
                user.hashtags,
            )
            for user in self._users.values()
            if user.matchable
            and user.record.user_id != user_id
            and user.moods
            and user.moods[-1].mood == mood
        ]
        shared = set(hashtags)
        found.sort(key=lambda friend: (len(shared & set(friend.hashtags)), friend.mood_at))
        return found[::-1][: max(0, limit)]

    @_whole
    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        if analysis_id not in self._analyses:
            raise NotFoundError("There is no analysis of that id.")
        self.feedback[analysis_id] = (mood, at)

    @_whole
    def sweep(self, now: datetime) -> int:
        posts, analyses = 0, 0
        for user in self._users.values():
            old = [i for i, at in user.saved_at.items() if at < now - self.retention.posts]
            for post_id in old:
                del user.posts[post_id], user.saved_at[post_id]
                user.classified.pop(post_id, None)
            posts += len(old)
            before = now - self.retention.moods
            if user.moods and user.moods[-1].created_at < before:
                user.hashtags = ()
            user.moods = [mood for mood in user.moods if mood.created_at >= before]
        for analysis in list(self._analyses.values()):
            if analysis.finished_at and analysis.finished_at < now - self.retention.moods:
                self._drop(analysis.analysis_id)
                analyses += 1
        return posts + analyses

    @_whole
    def ping(self) -> None:
        """Answer, unless down."""

    def close(self) -> None:
        self.closed = True


def _kept(post: Post) -> Post:
    """Return the post as any store gives it back: whole characters, counts of 64 bits."""
    counts = {name: min(count, LARGEST) for name, count in asdict(post.engagement).items()}
    return replace(post, text=stored_text(post.text), engagement=Engagement(**counts))
