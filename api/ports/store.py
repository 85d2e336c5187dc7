"""Name the store, and what it hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from api.domain.analyses import Lease
from api.domain.posts import Classification, ClassifiedPost, Post
from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.ports.analysis_queue import AnalysisQueue


@dataclass(frozen=True, slots=True)
class SavedPosts:
    """Count what saving posts did: new ones, known ones that changed, known ones that did not."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Hold what is kept about a user; consented_at is None where they never agreed."""

    user_id: str
    user_name: str
    created_at: datetime
    consented_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoodRecord:
    """Hold one entry of a user's mood history; result is the mood result as JSON values."""

    user_id: str
    analysis_id: str
    mood: str | None
    created_at: datetime
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Retention:
    """Say how long a store keeps posts, from their last import, and moods, from their analysis.

    A mood goes with its analysis, the result in it and the feedback on it.
    """

    posts: timedelta = timedelta(days=30)
    moods: timedelta = timedelta(days=365)


class Store(AnalysisQueue, Protocol):
    """Keep users, posts, analyses and moods. It is also the queue of record (AnalysisQueue).

    Every method may raise StoreUnavailableError. Users are named by user_id (see
    api.domain.posts.user_id_of). Writes are atomic: a call that raises has changed nothing.
    ensure_user alone makes a user: any other write for one who is unknown, or was erased while the
    call ran, raises NotFoundError (with a lease: LeaseLostError).
    """

    # users and consent
    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        """Return the user, created with user_name where unknown."""
        ...

    def user(self, user_id: str) -> UserRecord | None:
        """Return the user, or None."""
        ...

    def set_consent(self, user_id: str, at: datetime | None, *, words: str | None = None) -> None:
        """Record that the user agreed at a time; None records that they no longer do.

        words is the version of the words agreed to (api.domain.analyses), kept in the history.
        """
        ...

    def set_matchable(self, user_id: str, matchable: bool) -> None:
        """Record whether the user agreed to be recommended to others as a friend."""
        ...

    def erase_user(self, user_id: str, at: datetime) -> None:
        """Delete all that is held about the user and leave a tombstone without content.

        Analyses under way lose their lease, so no run can write the user back. A user may come
        back later: ensure_user starts them anew.
        """
        ...

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        """Return everything held about the user as JSON values. Raises NotFoundError."""
        ...

    # posts
    def save_posts(self, user_id: str, posts: Iterable[Post], at: datetime) -> SavedPosts:
        """Keep posts in one transaction, streaming; a post is known by user and post id.

        A known post takes the new engagement; its classification is kept unless its text changed.
        An exception raised by the iterable leaves the store as it was, and is not changed. Whose
        posts they are is settled before the first is asked for: where the user is erased after
        that, and even comes back, none is kept.
        """
        ...

    def count_posts(self, user_id: str) -> int:
        """Return how many posts are kept of the user."""
        ...

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        """Return up to `limit` posts, newest first, of the user's newest max_posts (None: all)
        that `model` (a ModelIdentity.key) has not classified."""
        ...

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        """Return how many posts unclassified_posts would return without a limit."""
        ...

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        """Keep classifications by post id. Raises LeaseLostError where the lease is lost.

        The one write that may be kept in part where the store fails in its midst: each
        classification is true by itself, and what is missing is classified by the next run.
        """
        ...

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        """Return the user's newest max_posts posts (None: all), newest first, that `model` has
        classified."""
        ...

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        """Return the user's posts that any model has classified, newest first."""
        ...

    # sources and sign-ins
    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        """Return the id of the newest post up to which an account was fetched, or None."""
        ...

    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        """Record up to which post an account was fetched, or None. Raises LeaseLostError."""
        ...

    def sign_in(self, user_id: str, source: str) -> str | None:
        """Return the user's sealed sign-in at a source, or None."""
        ...

    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        """Keep the user's sealed sign-in at a source in place of any other; None removes it."""
        ...

    # moods and recommendations
    def latest_mood(self, user_id: str) -> MoodRecord | None:
        """Return the newest entry of the user's mood history, or None."""
        ...

    def interests(self, user_id: str) -> list[str]:
        """Return the hashtags that finish was given with the user's latest mood, in that order."""
        ...

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        """Return what may be recommended for a mood, in the catalogue's order."""
        ...

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        """Put these items in place of the whole catalogue."""
        ...

    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        """Return up to `limit` users whose latest mood is `mood` and who agreed to be matched.

        Those who share most of `hashtags` come first, then the freshest mood; never the user.
        """
        ...

    # feedback
    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Keep the user's own word on an analysis. Raises NotFoundError."""
        ...

    def sweep(self, now: datetime) -> int:
        """Delete what was kept longer than the Retention that the store was opened with.

        Also finishes what a process that died left half done. Returns how many posts and analyses
        were deleted; an analysis that has not ended is never one of them.
        """
        ...

    def ping(self) -> None:
        """Return where the store can be read and written; else raise StoreUnavailableError."""
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used after that."""
        ...
