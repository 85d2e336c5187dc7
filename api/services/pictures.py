"""Use case: the picture of a user's mood."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.domain.date_ranges import date_range
from api.domain.mood.mood_pictures import MoodPicture, Theme, bucket_for, mood_picture
from api.errors import BusyError, NotFoundError
from api.ports.pictures import DrawPicture
from api.services.users import UserOverview, Users

_AT_ONCE = 2
_WAIT_SECONDS = 5.0
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures of the newest mood; few are drawn at once, as each takes much memory for a moment.

    Raises InvalidRequestError for an invalid user name, and NotFoundError for an unknown user or
    one without a mood.
    """

    users: Users
    draw: DrawPicture
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))
    wait_seconds: float = _WAIT_SECONDS

    def png(
        self,
        user_name: str,
        theme: Theme,
        width: int,
        is_held: Callable[[str], bool] = lambda _: False,
    ) -> tuple[str, bytes | None]:
        """Return a tag of what the picture shows, and the picture as a PNG of that width.

        The tag changes with anything that the picture shows: the mood of a later analysis, or in
        the timeline a correction since. The PNG is None if is_held says that the caller has the
        picture of that tag. Raises BusyError while others are drawn.
        """
        overview = self.users.overview(user_name)
        result = _result(overview)
        if not self.room.acquire(timeout=self.wait_seconds):
            raise BusyError("Other pictures are being drawn. Ask again.", _RETRY_SECONDS)
        try:
            shown = self._shown(overview.user.user_name, result)
            seen = repr((shown, theme, width)).encode(errors="replace")
            tag = hashlib.blake2b(seen, digest_size=16).hexdigest()
            return tag, None if is_held(tag) else self.draw(shown, theme, width)
        finally:
            self.room.release()

    def _shown(self, user_name: str, result: Mapping[str, Any]) -> MoodPicture:
        bucket = bucket_for(result)
        buckets = self.users.timeline(user_name, bucket, date_range())
        return mood_picture(user_name, result, bucket, buckets, self.users.scoring)


def _result(overview: UserOverview) -> Mapping[str, Any]:
    if overview.latest is None or overview.latest.mood is None:
        raise NotFoundError("No mood is known of this user yet. Run an analysis first.")
    return overview.latest.result
