"""Read posts out of the archive that X gives its users, or out of one script of it.

Today's archive keeps posts in `data/tweets.js` and `data/tweets-part1.js`, an earlier one in
`data/tweet.js` or `tweet.js`, and that of 2012 to 2018 in `data/js/tweets/2014_01.js` per month.
A post of more than 280 characters is cut there, ending in "…", and its whole text kept in
`data/note-tweet.js` under an id that is mostly not the post's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO, ClassVar

from api.domain.posts import Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError
from api.intake.post_fields import PostIntake, UnreadableValueError, post_text_of
from api.intake.times import UnreadableTimeError, time_of
from api.ports.clock import Clock
from api.post_files.encodings import TextEncoding, chunks_of, decoded, encoding_of
from api.post_files.json_reader import NotAnArrayError, array_items, fields_of
from api.post_files.zip_reader import MAX_UNPACKED_BYTES, ZIP_SIGNATURES, ZipReader, base_name

MAX_NOTES_CHARACTERS = 32 * 1024 * 1024
"""Most text of long posts that is kept in memory while an archive is read, in characters."""

_FOLDER = r"(?P<folder>(?:.*[/\\])?)"
_POSTS = re.compile(
    _FOLDER + r"(?:tweets?(?:-part[0-9]+)?|js[/\\]tweets[/\\][0-9]{4}_[0-9]{2})\.js"
)
_NOTES = re.compile(_FOLDER + r"note-tweet(?:-part[0-9]+)?\.js")
# What the Finder of macOS adds to a folder that it packs.
_FINDER_FOLDER = "__MACOSX/"
_PREFIX = re.compile(
    r"\s*(?:window\.YTD\.(?P<what>[A-Za-z_]+)\.part[0-9]+|Grailbird\.data\.tweets_[0-9_]+)\s*=\s*"
)
_MAX_PREFIX_CHARACTERS = 256
_READ_SCRIPTS = ("tweet", "tweets", "note_tweet")
_CUT = re.compile(r"…(?:\s*https://t\.co/\w+)?\s*$")
# A shorter beginning than this may be shared by two posts of one second.
_LEAST_SHARED = 40


@dataclass(frozen=True, slots=True)
class XArchiveReader:
    """Reader of an X archive: its zip, or only a script of posts or a JSON list of them.

    Of the zip only the scripts of posts are opened, and data/note-tweet.js for the whole texts of
    long posts. Likes (data/like.js) are left out by design: X keeps no date with them, and a mood
    is weighed by time. Retweets are shared posts. Items are counted from 1 in each script.
    """

    clock: Clock
    max_unpacked_bytes: int = MAX_UNPACKED_BYTES
    format: ClassVar[str] = "archive"

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file; see PostFileReader."""
        file.seek(0)
        if file.read(4).startswith(ZIP_SIGNATURES):
            yield from self._read_zip(file)
            return
        intake = PostIntake(self.clock())
        encoding = encoding_of(chunks_of(file))
        for number, item in enumerate(_items(chunks_of(file), encoding, "the file"), start=1):
            yield _post(intake, item, f"item {number}")

    def _read_zip(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        now = self.clock()
        intake, long_posts = PostIntake(now), _LongPosts(now)
        archive = ZipReader(file, max_unpacked_bytes=self.max_unpacked_bytes)
        posts, notes = _scripts_of(archive.names())
        for name in notes:
            for item in _items(archive.chunks(name), TextEncoding(), base_name(name)):
                long_posts.add(item)
        for name in posts:
            items = _items(archive.chunks(name), TextEncoding(), base_name(name))
            for number, item in enumerate(items, start=1):
                yield _post(intake, item, f"item {number} of {base_name(name)}", long_posts)


def _post(
    intake: PostIntake, item: Any, where: str, long_posts: _LongPosts | None = None
) -> Post | RejectedPost:
    fields = fields_of(item)
    if fields is None:
        return RejectedPost(where, "the item is not an object with a post's fields")
    return intake.take(long_posts.complete(fields) if long_posts else fields, where)


def _scripts_of(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the paths of the scripts of posts and of long posts, in the order of their parts.

    An archive that was unpacked and packed again lies in a folder of its own, which is taken too.
    Raises UnreadableFileError where there are no posts, or those of more than one archive.
    """
    posts: dict[str, set[str]] = {}
    notes: dict[str, set[str]] = {}
    for name in names:
        for pattern, found in ((_POSTS, posts), (_NOTES, notes)):
            match = pattern.fullmatch(name)
            if match and not name.startswith(_FINDER_FOLDER):
                found.setdefault(match["folder"], set()).add(name)
    if not posts:
        raise UnreadableFileError(
            "This zip is no X archive: it holds no data/tweets.js. Send the zip as X gave it, or"
            " only its tweets.js."
        )
    if len(posts) > 1:
        raise UnreadableFileError(
            "This zip holds the tweets.js of more than one archive. Send each archive by itself."
        )
    folder, found_posts = posts.popitem()
    return sorted(found_posts, key=_part_order), sorted(notes.get(folder, ()), key=_part_order)


def _part_order(name: str) -> tuple[int, str]:
    """Sort part 2 before part 10, and the file without a part first."""
    return len(name), name


def _items(chunks: Iterable[bytes], encoding: TextEncoding, name: str) -> Iterator[Any]:
    """Yield the items of a script's list; UnreadableFileError where it is no such script."""
    texts = decoded(chunks, encoding)
    head = ""
    for text in texts:
        head += text
        if len(head) >= _MAX_PREFIX_CHARACTERS:
            break
    try:
        yield from array_items(chain([head[_list_start(head) :]], texts))
    except NotAnArrayError as exc:
        raise UnreadableFileError(
            f"The list of posts in {name} cannot be read to its end: {exc}. Ask X for the archive"
            " anew, or send a file that is whole."
        ) from exc


def _list_start(head: str) -> int:
    """Return where the list of posts starts in a script or JSON file that begins with `head`.

    Raises UnreadableFileError where it begins otherwise, or contains other things than posts.
    """
    match = _PREFIX.match(head)
    what = match["what"] if match else None
    if what == "like":
        raise UnreadableFileError(
            "This is the archive's like.js. X keeps no dates with likes, so they cannot be weighed"
            " by time and are not read. Send tweets.js."
        )
    if what and what not in _READ_SCRIPTS:
        raise UnreadableFileError(
            f"This is the archive's {what[:40]} script, which holds no posts. Send tweets.js."
        )
    start = match.end() if match else len(head) - len(head.lstrip())
    if not head[start:]:
        raise UnreadableFileError("The file is empty: it holds no list of posts.")
    if head[start] != "[":
        raise UnreadableFileError(
            "The file is no list of posts: it must begin with `window.YTD.tweets.part0 = [` as in"
            " X's archive, or with the `[` of a JSON list."
        )
    return start


class _LongPosts:
    """Whole texts of an archive's long posts, found by id, else by time and beginning."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._by_id: dict[str, str] = {}
        self._by_second: dict[datetime, list[str]] = {}
        self._characters = 0

    def add(self, item: object) -> None:
        """Add one item of note-tweet.js; one that cannot be read is passed over.

        Raises PayloadTooLargeError past MAX_NOTES_CHARACTERS.
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
            raise PayloadTooLargeError(
                f"The long posts of this archive hold more than {MAX_NOTES_CHARACTERS:,}"
                " characters. Leave note-tweet.js out of it, or send only tweets.js."
            )
        note_id = note.get("noteTweetId")
        if isinstance(note_id, str):
            self._by_id[note_id] = text
        self._by_second.setdefault(created_at.replace(microsecond=0), []).append(text)

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
