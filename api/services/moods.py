"""Tell users how their posts have felt, and what may do them good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.domain import recommendations
from api.domain.moods import Mood, opposite
from api.domain.recommendations import Recommendations
from api.domain.scoring import ScoringConfig
from api.domain.timeline import InvalidBucketError, TimelineBucket, timeline
from api.errors import FieldError, InvalidRequestError, NotFoundError
from api.ports.clock import Clock
from api.ports.store import MoodRecord, Store, UserRecord
from api.services.users import known_user

_FRIEND_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class UserOverview:
    """Hold a user, the number of their posts and the newest mood, None where there is none."""

    user: UserRecord
    posts: int
    latest: MoodRecord | None


class Moods:
    """Serve what is known of a user's mood."""

    def __init__(self, store: Store, clock: Clock, scoring: ScoringConfig) -> None:
        self._store = store
        self._clock = clock
        self._scoring = scoring

    def user(self, user_name: str) -> UserOverview:
        """Return the user with their newest mood. Raises NotFoundError."""
        user = known_user(self._store, user_name)
        return UserOverview(
            user, self._store.count_posts(user.user_id), self._store.latest_mood(user.user_id)
        )

    def timeline(self, user_name: str, bucket: str) -> list[TimelineBucket]:
        """Return the user's emotions by "day" or "week", oldest first; empty before an analysis.

        Raises InvalidRequestError for another bucket, NotFoundError.
        """
        user = known_user(self._store, user_name)
        try:
            return timeline(
                self._store.latest_classified_posts(user.user_id), bucket, self._scoring
            )
        except InvalidBucketError as error:
            raise InvalidRequestError(
                "The timeline cannot be drawn so.", [FieldError("bucket", str(error))]
            ) from error

    def recommendations(self, user_name: str, *, count: int = 3) -> Recommendations:
        """Return what may do the user good today. Raises NotFoundError where no mood is known."""
        user_id = known_user(self._store, user_name).user_id
        latest = self._store.latest_mood(user_id)
        if latest is None or latest.mood is None:
            raise NotFoundError("No mood is known of this user yet. Run an analysis first.")
        mood = Mood(latest.mood)
        interests = self._store.interests(user_id)
        return recommendations.recommend(
            mood,
            self._store.catalogue(mood.value),
            self._store.friend_candidates(
                user_id, opposite(mood).value, interests, limit=_FRIEND_CANDIDATES
            ),
            interests,
            user_id=user_id,
            day=self._clock().date(),
            count=count,
        )


def plain_answer(result: Mapping[str, Any]) -> list[str | None]:
    """Return a mood result as the original front end reads it: mood, happiest, saddest text."""
    happiest, saddest = result.get("happiest"), result.get("saddest")
    return [
        result.get("mood"),
        happiest["text"] if happiest else None,
        saddest["text"] if saddest else None,
    ]
