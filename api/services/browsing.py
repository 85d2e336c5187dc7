"""Use cases of a user who looks back: their posts, past analyses, and patterns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from api.domain.analyses import Analysis
from api.domain.date_ranges import DateRange
from api.domain.mood.patterns import Patterns, patterns
from api.domain.mood.scoring import ScoringConfig
from api.domain.posts import Ownership, StoredPost, folded_text
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace
from api.ports.store import Store
from api.services.page_cursors import cursor_of, values_of
from api.services.users import known_user

MOST_SEARCHED = 100_000
"""How many posts a text is looked for in, the newest first."""


@dataclass(frozen=True, slots=True)
class PostsPage:
    """A page of posts; total counts those of all pages, as the first one found them.

    searched_to is the time of the oldest post that the text was looked for in, where there are
    older ones; else None.
    """

    posts: Sequence[StoredPost]
    next_cursor: str | None
    total: int
    searched_to: datetime | None


@dataclass(frozen=True, slots=True)
class AnalysesPage:
    """A page of past analyses, the newest first."""

    analyses: Sequence[Analysis]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Browsing:
    """Use cases of one user who looks back, found by user name.

    Each raises InvalidRequestError for an invalid name or cursor, NotFoundError for an unknown
    user.
    """

    store: Store
    scoring: ScoringConfig

    def posts(
        self,
        user_name: str,
        days: DateRange,
        *,
        emotion: str | None,
        ownership: Ownership | None,
        text: str | None,
        cursor: str | None,
        limit: int,
    ) -> PostsPage:
        """Return a page of the user's posts, newest first.

        text is looked for whatever its case, in the newest MOST_SEARCHED posts of the rest of the
        filter.
        """
        user_id = known_user(self.store, user_name).user_id
        wanted = PostFilter(
            emotion, ownership, days.start, days.end, text=folded_text(text) if text else None
        )
        asked = (user_id, wanted)
        after = None
        if cursor is None:
            wanted = replace(wanted, oldest=self._oldest(user_id, wanted))
            total = self.store.count_found_posts(user_id, wanted)
        else:
            at, post_id, total, oldest_at, oldest_id = values_of(
                asked, cursor, (datetime, str, int, datetime | None, str | None)
            )
            after = PostPlace(at, post_id)
            if oldest_at is not None and oldest_id is not None:
                wanted = replace(wanted, oldest=PostPlace(oldest_at, oldest_id))
        found = self.store.found_posts(user_id, wanted, after=after, limit=limit + 1)
        page, oldest, next_cursor = found[:limit], wanted.oldest, None
        if len(found) > limit:
            last = page[-1].post
            end = (oldest.created_at, oldest.post_id) if oldest else (None, None)
            next_cursor = cursor_of(asked, (last.created_at, last.post_id, total, *end))
        return PostsPage(page, next_cursor, total, oldest.created_at if oldest else None)

    def _oldest(self, user_id: str, wanted: PostFilter) -> PostPlace | None:
        """Return the last post to look for the text in, None if it is looked for in all."""
        if wanted.text is None:
            return None
        if self.store.found_place(user_id, wanted, MOST_SEARCHED + 1) is None:
            return None
        return self.store.found_place(user_id, wanted, MOST_SEARCHED)

    def analyses(self, user_name: str, *, cursor: str | None, limit: int) -> AnalysesPage:
        """Return a page of the user's succeeded analyses, newest first."""
        user_id = known_user(self.store, user_name).user_id
        after = None
        if cursor is not None:
            after = AnalysisPlace(*values_of(user_id, cursor, (datetime, str)))
        found = self.store.succeeded_analyses(user_id, after=after, limit=limit + 1)
        page, next_cursor = found[:limit], None
        if len(found) > limit:
            next_cursor = cursor_of(user_id, (page[-1].finished_at, page[-1].analysis_id))
        return AnalysesPage(page, next_cursor)

    def patterns(self, user_name: str, days: DateRange) -> Patterns:
        """Return what the user's classified posts of these days have in common."""
        user_id = known_user(self.store, user_name).user_id
        posts = self.store.latest_classified_posts(user_id)
        start, end = days.start, days.end
        within = [
            item
            for item in posts
            if (start is None or item.post.created_at >= start)
            and (end is None or item.post.created_at < end)
        ]
        return patterns(within, days.zone, self.scoring)
