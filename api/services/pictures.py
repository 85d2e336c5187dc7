"""Use case: the picture of a user's mood."""

import threading
from dataclasses import dataclass, field

from api.domain.date_ranges import date_range
from api.domain.mood_pictures import Theme, bucket_for, mood_picture
from api.errors import BusyError, NotFoundError
from api.ports.pictures import DrawPicture
from api.services.users import UserOverview, Users

_AT_ONCE = 2
_WAIT_SECONDS = 5.0
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures of the newest mood; few are drawn at once, as each takes much memory for a moment.

    Both raise InvalidRequestError for an invalid user name, and NotFoundError for an unknown user
    or one without a mood.
    """

    users: Users
    draw: DrawPicture
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))
    wait_seconds: float = _WAIT_SECONDS

    def analysis_id(self, user_name: str) -> str:
        """Return the id of the analysis that the picture shows: while it stays, so does that."""
        overview = self.users.overview(user_name)
        if overview.latest is None or overview.latest.mood is None:
            raise NotFoundError("No mood is known of this user yet. Run an analysis first.")
        return overview.latest.analysis_id

    def png(self, user_name: str, theme: Theme, width: int) -> bytes:
        """Return the picture as a PNG of that width. Raises BusyError while others are drawn."""
        self.analysis_id(user_name)
        if not self.room.acquire(timeout=self.wait_seconds):
            raise BusyError("Other pictures are being drawn. Ask again.", _RETRY_SECONDS)
        try:
            return self._drawn(self.users.overview(user_name), theme, width)
        finally:
            self.room.release()

    def _drawn(self, overview: UserOverview, theme: Theme, width: int) -> bytes:
        result = overview.latest.result if overview.latest else None
        if result is None or result["mood"] is None:
            raise NotFoundError("The mood of this user was erased meanwhile.")
        user_name, bucket = overview.user.user_name, bucket_for(result)
        buckets = self.users.timeline(user_name, bucket, date_range())
        picture = mood_picture(user_name, result, bucket, buckets, self.users.scoring)
        return self.draw(picture, theme, width)
