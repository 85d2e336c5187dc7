"""Say what the files of an X archive are called, and how its scripts begin.

Today's archive keeps posts in `data/tweets.js` and `data/tweets-part1.js`, an earlier one in
`data/tweet.js` or `tweet.js`, and that of 2012 to 2018 in `data/js/tweets/2014_01.js` a month.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
_READ_SCRIPTS = ("tweet", "tweets", "note_tweet", None)

MAX_PREFIX_CHARACTERS = 256


class NotAnArchiveError(ValueError):
    """Say why a file is no archive that can be read, in words for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Members:
    """Name the files of an archive that hold posts, and the whole texts of long posts."""

    posts: tuple[str, ...]
    notes: tuple[str, ...]


def members_of(names: Iterable[str]) -> Members:
    """Pick the files of one archive by their paths, in the order of their parts.

    An archive that was unpacked and packed again lies in a folder of its own, which is taken too.
    Raises NotAnArchiveError where there are no posts, or those of more than one archive.
    """
    posts: dict[str, list[str]] = {}
    notes: dict[str, list[str]] = {}
    for name in names:
        for pattern, found in ((_POSTS, posts), (_NOTES, notes)):
            match = pattern.fullmatch(name)
            if match and not name.startswith(_FINDER_FOLDER):
                found.setdefault(match["folder"], []).append(name)
    if not posts:
        raise NotAnArchiveError(
            "This zip is no X archive: it holds no data/tweets.js. Send the zip as X gave it, or"
            " only its tweets.js."
        )
    if len(posts) > 1:
        raise NotAnArchiveError(
            "This zip holds the tweets.js of more than one archive. Send each archive by itself."
        )
    folder, found_posts = posts.popitem()
    return Members(_in_order(found_posts), _in_order(notes.get(folder, [])))


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort part2 before part10, and the file without a part first."""
    return tuple(sorted(set(names), key=lambda name: (len(name), name)))


def list_start(head: str) -> int:
    """Return where the list of posts starts in a script or JSON file that begins with `head`.

    Raises NotAnArchiveError where it begins otherwise, or holds other things than posts.
    """
    match = _PREFIX.match(head)
    if match and match["what"] not in _READ_SCRIPTS:
        raise NotAnArchiveError(_other_script(match["what"]))
    start = match.end() if match else len(head) - len(head.lstrip())
    if not head[start:]:
        raise NotAnArchiveError("The file is empty: it holds no list of posts.")
    if head[start] != "[":
        raise NotAnArchiveError(
            "The file is no list of posts: it must begin with `window.YTD.tweets.part0 = [` as in"
            " X's archive, or with the `[` of a JSON list."
        )
    return start


def _other_script(what: str) -> str:
    if what == "like":
        return (
            "This is the archive's like.js. X keeps no dates with likes, so they cannot be weighed"
            " by time and are not read. Send tweets.js."
        )
    return f"This is the archive's {what[:40]} script, which holds no posts. Send tweets.js."
