"""What a person looks for in their stored posts and past analyses, and the places to go on from."""

from dataclasses import dataclass
from datetime import datetime

from api.domain.posts import Ownership


@dataclass(frozen=True, slots=True)
class PostPlace:
    """The place of a post among all posts of its user, newest first: its time, then its id.

    Of posts of one time the longer id is newer, then the one that sorts later: numbers grow so.
    """

    created_at: datetime
    post_id: str


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts of a user are wanted; None wants all.

    emotion is the one that counts for a post (StoredPost.emotion). start is the first moment, end
    the one after the last. oldest is the last post to look at. text is looked for in the folded
    text of a post (api.domain.posts.folded_text) and is folded itself; it is looked for in one post
    after the other, everything else is found by an index.
    """

    emotion: str | None = None
    ownership: Ownership | None = None
    start: datetime | None = None
    end: datetime | None = None
    oldest: PostPlace | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class AnalysisPlace:
    """The place of an analysis in the history of its user, newest first: its end, then its id."""

    finished_at: datetime
    analysis_id: str
