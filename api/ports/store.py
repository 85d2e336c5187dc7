"""Port of the store: everything stored about users, with the queue of record."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from api.domain.analyses import Analysis, Lease
from api.domain.posts import Classification, ClassifiedPost, Post, StoredPost
from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.ports.analysis_queue import AnalysisQueue
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace


@dataclass(frozen=True, slots=True)
class SavedPosts:
    """Result of saving posts: how many were new, known but changed, and unchanged.

    duplicates are posts that were not saved, or gave way, because the same post under another id is
    stored. edits are the earlier versions of edited posts that were not saved, or removed.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    edits: int = 0


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A stored user; consented_at is None without consent.

    matchable: they may be recommended to others; training: what they say may be used for training.
    """

    user_id: str
    user_name: str
    created_at: datetime
    consented_at: datetime | None
    matchable: bool = False
    training: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """A user's erasure: when it was, and a keyed hash of whom.

    store stands for the key, which a store and its backups have and no other store.
    """

    store: str
    user_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplayedErasures:
    """How many users were erased again, and how many erasures were left out as another store's."""

    users: int
    of_another_store: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """The mood that a user reported for one of their analyses."""

    user_id: str
    analysis_id: str
    mood: str


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """The text of a post and the emotion to which its writer has corrected it."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class LabelledPosts:
    """Corrected posts to train on; of_others counts corrected ones left out, as others wrote them.

    posts come in the order of their texts, which tells nothing of whose they are.
    """

    posts: Sequence[LabelledPost]
    of_others: int


@dataclass(frozen=True, slots=True)
class MoodRecord:
    """One entry of a user's mood history; result is the mood result as JSON values."""

    user_id: str
    analysis_id: str
    mood: str | None
    created_at: datetime
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResealedSignIns:
    """How many sign-ins were sealed anew, and how many could not be unsealed."""

    sealed: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long posts are stored after their last import, and moods after their analysis.

    A mood is deleted with its analysis, its result and the feedback on it.
    """

    posts: timedelta = timedelta(days=30)
    moods: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class PastRetention:
    """How many posts and ended analyses are stored, and how many of them are past Retention."""

    posts: int
    posts_past: int
    analyses: int
    analyses_past: int

    @property
    def share(self) -> float:
        """Return the share of posts or of analyses that is past, whichever is larger."""
        posts = self.posts_past / self.posts if self.posts else 0.0
        analyses = self.analyses_past / self.analyses if self.analyses else 0.0
        return max(posts, analyses)


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """How far the sweeps of a store have come, for the processes that sweep next.

    until is the time up to which they trust the clock. spent is the share of what was stored that
    they deleted by time that they had not seen pass; it decreases with time seen to pass.
    """

    until: datetime
    spent: float


class Store(AnalysisQueue, Protocol):
    """Users, posts, analyses and moods; it includes the queue of record.

    Every method may raise StoreUnavailableError. Users are identified by user_id (see
    api.domain.posts.user_id_of). Writes are atomic: a call that raises has changed nothing. Only
    ensure_user creates a user, and save_posts if told to: any other write for an unknown user, or
    one who was erased during the call, raises NotFoundError (with a lease: LeaseLostError).
    """

    # users and consent
    def ensure_user(self, user_id: str, user_name: str, at: datetime) -> UserRecord:
        """Return the user, created with user_name if unknown."""

    def user(self, user_id: str) -> UserRecord | None:
        """Return the user, or None."""

    def set_consent(
        self,
        user_id: str,
        at: datetime | None,
        *,
        words: str | None = None,
        training: bool = False,
    ) -> None:
        """Record the time of the user's consent, or None for its withdrawal.

        words is the version of the text that was agreed to, training whether it was agreed too that
        corrections and feedback are used to train; both are stored in the history of consents.
        """

    def set_matchable(self, user_id: str, matchable: bool) -> None:
        """Record whether the user agreed to be recommended to others as a friend."""

    def erase_user(self, user_id: str, at: datetime) -> bool:
        """Delete everything stored about the user and leave a tombstone without content.

        Running analyses lose their lease, so no run can restore the user. A user may return later:
        ensure_user creates them as new.
        Returns whether nothing is left in the store's files. If not, no call reads it any more, and
        finish_erasures removes it; no other call waits for that.
        """

    def erasure_pending(self, user_id: str) -> bool:
        """Return whether a user of that id was erased and their data may not be all gone yet."""

    def finish_erasures(self) -> bool:
        """Remove what was deleted but is still in the store's files; return whether all is gone.

        It is cheap if nothing is left, and meant to be called every few seconds.
        """

    def erasures(self) -> list[Erasure]:
        """Return the newest erasure of everybody who was erased, oldest first."""

    def replay_erasures(self, erasures: Collection[Erasure]) -> ReplayedErasures:
        """Erase again whom these erasures erased, as after restoring a backup.

        A user who was created after the erasure has returned, and stays. Nobody else may use the
        store meanwhile.
        """

    def users_with_mood(self, *, after: str | None, limit: int) -> list[str]:
        """Return up to `limit` ids of users who have a latest mood, in order, behind an id."""

    def export_user(self, user_id: str) -> Mapping[str, Any]:
        """Return the user data export as JSON values. Raises NotFoundError."""

    # posts
    def save_posts(
        self,
        user_id: str,
        posts: Iterable[Post],
        at: datetime,
        *,
        new_user: str | None = None,
        dry_run: bool = False,
    ) -> SavedPosts:
        """Save posts atomically while streaming them; user and post id identify a post.

        Of a post that comes twice the last version is saved. A known post takes what the source
        says now, but keeps its earlier_ids if the source names none; its classification and its
        correction are kept unless its text changed.
        A new post with a content id (is_content_id) is not saved if a stored or saved post has the
        same content_key; that one is kept as it is, and its retention starts again. A new post with
        a source's id takes the place of a post with a content id and the same content_key, as a
        known post would. Posts with different ids of a source are different posts.
        The earlier_ids of a stored or saved post are not saved, and removed where they are stored,
        with their corrections: an edited post has another text.
        Of two posts that name each other the newer one is kept.
        The order of the posts makes no difference, except to versions of the same id, and to which
        of several new content ids is kept: the first.
        An exception of the iterable leaves the store unchanged and is raised as it is. The user is
        looked up before the first post is read: if they are erased after that, even if they return,
        no post is saved.
        A user who is unknown then is created with the name new_user, if it is given, once all posts
        are read and if there is any.
        dry_run returns the same and saves nothing; a user who is unknown is taken as new.
        """

    def count_posts(self, user_id: str) -> int:
        """Return the number of the user's stored posts."""

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        """Return up to `limit` posts, newest first, of the user's newest max_posts (None: all)
        that `model` (a ModelIdentity.key) has not classified."""

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        """Return how many posts unclassified_posts would return without a limit."""

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        """Save classifications by post id, replacing those of any model. Raises LeaseLostError.

        Deleted posts are skipped.
        The only write that may be saved in part if the store fails: each classification is valid
        by itself, and the next run classifies what is missing.
        """

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        """Return the user's newest max_posts posts (None: all), newest first, that `model` has
        classified."""

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        """Return the user's posts that any model has classified, newest first."""

    def correct_post(self, user_id: str, post_id: str, emotion: str | None) -> StoredPost:
        """Save the emotion that the user says a post has, or None to take that back.

        Returns the post. Raises NotFoundError for an unknown user or post. The correction outlasts
        classifications by any model; it ends with the text (see save_posts) and with the post.
        """

    def labelled_posts(self) -> LabelledPosts:
        """Return the corrected posts of all users who agreed to training, as they stand now.

        Only posts that the user wrote: nobody can agree for another.
        """

    def found_posts(
        self, user_id: str, wanted: PostFilter, *, after: PostPlace | None, limit: int
    ) -> list[StoredPost]:
        """Return up to `limit` of the wanted posts, newest first, from behind a place on.

        No post need be at that place any more. Posts that are saved between two calls come neither
        twice nor in place of others.
        """

    def count_found_posts(self, user_id: str, wanted: PostFilter) -> int:
        """Return how many posts are wanted."""

    def found_place(self, user_id: str, wanted: PostFilter, number: int) -> PostPlace | None:
        """Return the place of the number-th newest post that is wanted but for its text, or None.

        The newest is number 1.
        """

    # sources and sign-ins
    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        """Return the id of the newest post up to which an account was fetched, or None."""

    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        """Record up to which post an account was fetched, or None. Raises LeaseLostError."""

    def sign_in(self, user_id: str, source: str) -> str | None:
        """Return the user's sealed sign-in at a source, or None."""

    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        """Replace the user's sealed sign-in at a source; None removes it."""

    def reseal_sign_ins(self, reseal: Callable[[str], str | None]) -> ResealedSignIns:
        """Replace each sealed sign-in by what reseal returns of it, unless that is None.

        One that changes meanwhile is left as it is: it has been sealed just now.
        """

    # moods and recommendations
    def latest_mood(self, user_id: str) -> MoodRecord | None:
        """Return the newest entry of the user's mood history, or None."""

    def succeeded_analyses(
        self, user_id: str, *, after: AnalysisPlace | None, limit: int
    ) -> list[Analysis]:
        """Return up to `limit` of the user's succeeded analyses, newest first, behind a place."""

    def interests(self, user_id: str) -> list[str]:
        """Return the hashtags of the user's latest mood, in the order given to finish."""

    def catalogue(self, mood: str) -> list[CatalogueItem]:
        """Return what may be recommended for a mood, in the catalogue's order."""

    def replace_catalogue(self, items: Sequence[CatalogueItem]) -> None:
        """Replace the whole catalogue."""

    def friend_candidates(
        self, user_id: str, mood: str, hashtags: Sequence[str], *, limit: int
    ) -> list[FriendCandidate]:
        """Return up to `limit` users whose latest mood is `mood` and who agreed to be matched.

        Most shared `hashtags` come first, then the freshest mood; never the user.
        """

    def add_feedback(self, analysis_id: str, mood: str, at: datetime) -> None:
        """Save the user's mood for an analysis, replacing an earlier one. Raises NotFoundError."""

    def feedback_on(self, analysis_id: str) -> str | None:
        """Return the mood that the user reported for an analysis, or None."""

    def feedback(self) -> list[Feedback]:
        """Return the feedback of all users who agreed to training, those of a user together."""

    # the store itself
    def sweep(self, now: datetime) -> int:
        """Delete what is past the Retention that the store was opened with.

        Also completes writes that a process left unfinished when it died. Returns how many posts
        and analyses were deleted; an analysis that has not ended is never deleted.
        """

    def past_retention(self, now: datetime) -> PastRetention:
        """Return how many posts and ended analyses there are, and how many sweep would delete."""

    def sweep_record(self) -> SweepRecord | None:
        """Return what set_sweep_record stored last, or None; spent is exact to a millionth."""

    def set_sweep_record(self, record: SweepRecord) -> None:
        """Store how far the sweeps have come."""

    def ping(self) -> None:
        """Check that the store can be read and written; else raise StoreUnavailableError."""

    def close(self) -> None:
        """Close the connections; any later call raises StoreUnavailableError."""
