"""Put the whole texts of long posts back: the archive cuts them and keeps the rest apart.

X's archive gives a post of more than 280 characters cut, ending in "…", and its whole text in
`data/note-tweet.js` under an id that is mostly not the post's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from api.intake.times import UnreadableTimeError, time_of
from api.intake.values import UnreadableValueError, post_text_of

MAX_NOTES_CHARACTERS = 32 * 1024 * 1024
"""Most text of long posts that is held while an archive is read, in characters."""

_CUT = re.compile(r"…(?:\s*https://t\.co/\w+)?\s*$")
# A shorter beginning than this may be shared by two posts of one second.
_LEAST_SHARED = 40


class TooManyNotesError(ValueError):
    """Say that an archive's long posts hold more text than is taken."""


class LongPosts:
    """Keep the whole texts of an archive's long posts, found by id, else by time and beginning."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._by_id: dict[str, str] = {}
        self._by_second: dict[datetime, list[str]] = {}
        self._characters = 0

    def add(self, item: object) -> None:
        """Keep one item of note-tweet.js; one that cannot be read is passed over.

        Raises TooManyNotesError past MAX_NOTES_CHARACTERS.
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
        self._characters += len(text)
        if self._characters > MAX_NOTES_CHARACTERS:
            raise TooManyNotesError(
                f"The long posts of this archive hold more than {MAX_NOTES_CHARACTERS:,}"
                " characters. Leave note-tweet.js out of it, or send tweets.js alone."
            )
        note_id = note.get("noteTweetId")
        if isinstance(note_id, str):
            self._by_id[note_id] = text
        self._by_second.setdefault(created_at.replace(microsecond=0), []).append(text)

    def complete(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields of a post with its whole text, or as they are where none is known."""
        whole = self._by_id.get(str(fields.get("id_str", fields.get("id"))))
        if whole is None and self._by_second:
            whole = self._of_same_second(fields)
        if whole is None:
            return fields
        # The hashtags that X lists are those of the cut text.
        kept = {name: value for name, value in fields.items() if name != "entities"}
        return {**kept, "full_text": whole}

    def _of_same_second(self, fields: Mapping[str, object]) -> str | None:
        """Return the whole text written in the same second that begins as the cut one does."""
        cut = fields.get("full_text", fields.get("text"))
        if not isinstance(cut, str) or not _CUT.search(cut):
            return None
        try:
            beginning = post_text_of(_CUT.sub("", cut)).rstrip()
            second = time_of(fields.get("created_at"), self._now).replace(microsecond=0)
        except (UnreadableValueError, UnreadableTimeError):
            return None
        if len(beginning) < _LEAST_SHARED:
            return None
        candidates = self._by_second.get(second, [])
        return next((text for text in candidates if text.startswith(beginning)), None)
