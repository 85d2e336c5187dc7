"""Whole texts of the long posts of an X archive, and the posts that they belong to.

A post of more than 280 characters is cut in `data/tweets.js`, ending in "…", and its whole text
kept in `data/note-tweet.js` under an id that is mostly not the post's own. The two differ in their
short URLs, and the cut one has the names before a reply that the whole one lacks.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime, timedelta

from api.errors import PayloadTooLargeError
from api.intake.post_values import UnreadableValueError, post_text_of
from api.intake.times import UnreadableTimeError, time_of

MAX_CHARACTERS = 32 * 1024 * 1024
"""Most text of long posts that is kept in memory while an archive is read, in characters."""

_CUT = re.compile(r"…\s*(?:https://t\.co/\w+)?\s*$")
_LEADING_NAMES = re.compile(r"(?:@\w{1,15}\s+)*")
_URL = re.compile(r"https?://\S+")
# A shorter beginning than this may be shared by two posts of one second.
_LEAST_SHARED = 40
_BEGINNING = 500
# What a post takes in memory besides its text, whatever that is: its id, its second, its entries.
_CHARACTERS_PER_POST = 500
_ONE_SECOND = timedelta(seconds=1)


class LongPosts:
    """Whole texts of an archive's long posts, found by id, else by time and beginning."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._by_id: dict[str, str] = {}
        self._by_second: dict[datetime, list[tuple[str, str]]] = {}
        self._sorted: set[datetime] = set()
        self._characters = 0

    def add(self, item: object) -> None:
        """Add one item of note-tweet.js; one that cannot be read is passed over.

        Raises PayloadTooLargeError past MAX_CHARACTERS.
        """
        note = item.get("noteTweet") if isinstance(item, dict) else None
        core = note.get("core") if isinstance(note, dict) else None
        if not isinstance(note, dict) or not isinstance(core, dict):
            return
        try:
            text = post_text_of(core.get("text"))
            created_at = time_of(note.get("createdAt"), self._now)
        except (UnreadableValueError, UnreadableTimeError):
            return
        beginning = _beginning(text)
        self._characters += len(text) + len(beginning) + _CHARACTERS_PER_POST
        if self._characters > MAX_CHARACTERS:
            raise PayloadTooLargeError(
                f"The long posts of this archive hold more than {MAX_CHARACTERS:,}"
                " characters. Leave note-tweet.js out of it, or send only tweets.js."
            )
        note_id = note.get("noteTweetId")
        if isinstance(note_id, str):
            self._by_id[note_id] = text
        second = created_at.replace(microsecond=0)
        self._by_second.setdefault(second, []).append((beginning, text))
        self._sorted.discard(second)

    def complete(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields of a post with its whole text, or unchanged where none is known."""
        whole = self._by_id.get(str(fields.get("id_str", fields.get("id"))))
        if whole is None and self._by_second:
            whole = self._of_same_second(fields)
        if whole is None:
            return fields
        # The hashtags that X lists are those of the cut text.
        kept = {name: value for name, value in fields.items() if name != "entities"}
        return {**kept, "full_text": whole}

    def _of_same_second(self, fields: Mapping[str, object]) -> str | None:
        """Return the whole text written within a second of the post that begins as it does."""
        cut = fields.get("full_text", fields.get("text"))
        if not isinstance(cut, str) or not _CUT.search(cut[-64:]):
            return None
        try:
            beginning = _beginning(post_text_of(cut[:-64] + _CUT.sub("", cut[-64:])))
            second = time_of(fields.get("created_at"), self._now).replace(microsecond=0)
        except (UnreadableValueError, UnreadableTimeError):
            return None
        if len(beginning) < _LEAST_SHARED:
            return None
        for moment in (second, second - _ONE_SECOND, second + _ONE_SECOND):
            sorted_posts = self._sorted_of(moment)
            at = bisect_left(sorted_posts, (beginning, ""))
            if at < len(sorted_posts) and sorted_posts[at][0].startswith(beginning):
                return sorted_posts[at][1]
        return None

    def _sorted_of(self, second: datetime) -> list[tuple[str, str]]:
        """Return the long posts of a second in the order of their beginnings.

        They are sorted once, when the first is sought: an insertion into order would move half of
        those before it each time.
        """
        posts = self._by_second.get(second, [])
        if posts and second not in self._sorted:
            posts.sort()
            self._sorted.add(second)
        return posts


def _beginning(text: str) -> str:
    """Return how a text begins, as the cut and the whole text agree on it."""
    start = _URL.sub("", text[:_BEGINNING])
    return " ".join(_LEADING_NAMES.sub("", start, count=1).split())
