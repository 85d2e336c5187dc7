"""Use cases of one user: overview, timeline, recommendations, consent, data export, erasure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.domain.analyses import WORDS_VERSION
from api.domain.date_ranges import DateRange
from api.domain.mood.moods import OPPOSITE, Mood
from api.domain.mood.scoring import ScoringConfig
from api.domain.mood.timeline import InvalidBucketError, TimelineBucket, timeline
from api.domain.posts import InvalidUserNameError, StoredPost, user_id_of
from api.domain.recommendations import Recommendations, recommend
from api.errors import FieldError, InvalidRequestError, NotFoundError
from api.ports.clock import Clock
from api.ports.store import MoodRecord, Store, UserRecord

_FRIEND_CANDIDATES = 50


def valid_user_id(user_name: str) -> str:
    """Return the user id of a user name. Raises InvalidRequestError for an invalid name."""
    try:
        return user_id_of(user_name)
    except InvalidUserNameError as error:
        raise InvalidRequestError(
            "The user name cannot be used.", [FieldError("user_name", str(error))]
        ) from error


def known_user(store: Store, user_name: str) -> UserRecord:
    """Return the user of that name. Raises InvalidRequestError, or NotFoundError if unknown."""
    user = store.user(valid_user_id(user_name))
    if user is None:
        raise NotFoundError(
            "Nothing is held about a user of that name. Import their posts first, or check the"
            " spelling."
        )
    return user


@dataclass(frozen=True, slots=True)
class UserOverview:
    """A user, the number of their posts and their newest mood, None if there is none."""

    user: UserRecord
    posts: int
    latest: MoodRecord | None


@dataclass(frozen=True, slots=True)
class Users:
    """Use cases of one user, found by user name.

    Except for consent, each raises InvalidRequestError for an invalid name and NotFoundError for
    an unknown user.
    """

    store: Store
    clock: Clock
    scoring: ScoringConfig

    def overview(self, user_name: str) -> UserOverview:
        """Return the user with their newest mood."""
        user = self._known(user_name)
        return UserOverview(
            user, self.store.count_posts(user.user_id), self.store.latest_mood(user.user_id)
        )

    def timeline(self, user_name: str, bucket: str, days: DateRange) -> list[TimelineBucket]:
        """Return the user's emotions by "day", "week" or "month" of a range of days, oldest first.

        It is empty before an analysis. Raises InvalidRequestError for another bucket.
        """
        posts = self.store.latest_classified_posts(self._known(user_name).user_id)
        try:
            return timeline(posts, bucket, self.scoring, days)
        except InvalidBucketError as error:
            raise InvalidRequestError(
                "The timeline cannot be drawn so.", [FieldError("bucket", str(error))]
            ) from error

    def recommendations(self, user_name: str) -> Recommendations:
        """Return today's recommendations. Raises NotFoundError if the user has no mood yet."""
        user_id = self._known(user_name).user_id
        latest = self.store.latest_mood(user_id)
        if latest is None or latest.mood is None:
            raise NotFoundError("No mood is known of this user yet. Run an analysis first.")
        mood = Mood(latest.mood)
        interests = self.store.interests(user_id)
        return recommend(
            mood,
            self.store.catalogue(mood.value),
            self.store.friend_candidates(
                user_id, OPPOSITE[mood].value, interests, limit=_FRIEND_CANDIDATES
            ),
            interests,
            user_id=user_id,
            day=self.clock().date(),
        )

    def consent(self, user_name: str, *, matchable: bool, training: bool) -> UserRecord:
        """Record that the user consents to analysis now, and whether to be matched and to training.

        Whether they did so before no longer matters.
        """
        now = self.clock()
        user = self.store.ensure_user(valid_user_id(user_name), user_name, now)
        self.store.set_consent(user.user_id, now, words=WORDS_VERSION, training=training)
        self.store.set_matchable(user.user_id, matchable)
        return replace(user, consented_at=now, matchable=matchable, training=training)

    def correct(self, user_name: str, post_id: str, emotion: str | None) -> StoredPost:
        """Save which emotion the user says a post has, None to take it back; return the post.

        It counts from the next analysis on. Raises NotFoundError also for an unknown post.
        """
        return self.store.correct_post(self._known(user_name).user_id, post_id, emotion)

    def export(self, user_name: str, days: DateRange) -> dict[str, Any]:
        """Return all data of the user as JSON values, of their posts those of a range of days."""
        everything = self.store.export_user(self._known(user_name).user_id)
        posts = everything["posts"]
        if days.start is not None or days.end is not None:
            posts = [each for each in posts if datetime.fromisoformat(each["created_at"]) in days]
        return {**everything, "posts": posts}

    def erase(self, user_name: str) -> bool:
        """Erase all data of the user, which is also what withdrawing consent does.

        Returns whether nothing is left in the store's files; if not, the next sweep removes it, and
        until then a user who was erased before is answered the same again.
        """
        user_id = valid_user_id(user_name)
        if self.store.user(user_id) is None and self.store.erasure_pending(user_id):
            self.store.finish_erasures()
            if self.store.erasure_pending(user_id):
                return False
        return self.store.erase_user(self._known(user_name).user_id, self.clock())

    def _known(self, user_name: str) -> UserRecord:
        return known_user(self.store, user_name)
