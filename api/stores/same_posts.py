"""Which posts give way to the same post under another id: the rule that every store shares."""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import groupby
from operator import itemgetter


class Standing(IntEnum):
    """What a post is to an import, in the order in which posts of one content key are compared.

    Known is a post that is stored under its id; a content id is one made from time and text.
    """

    NEW = 0
    KNOWN = 1
    KNOWN_CONTENT_ID = 2
    NEW_CONTENT_ID = 3


def standing_of(*, known: bool, content_id: bool) -> Standing:
    """Return what a post is to an import."""
    if content_id:
        return Standing.KNOWN_CONTENT_ID if known else Standing.NEW_CONTENT_ID
    return Standing.KNOWN if known else Standing.NEW


def giving_way(posts: Iterable[tuple[str, int, str]]) -> Iterator[tuple[str, str, bool]]:
    """Yield each post that gives way: its id, the id of the post that is kept, and whether that one
    is new and takes its place.

    posts are (content key, Standing, id), sorted by the first two. Nothing is collected, so it does
    not matter how many posts are the same.
    """
    for _, same in groupby(posts, key=itemgetter(0)):
        new = kept = None
        place_taken = False
        for _, standing, post_id in same:
            if standing == Standing.NEW:
                new = new or post_id
                kept = new
            elif standing == Standing.KNOWN_CONTENT_ID and new is not None:
                yield post_id, new, not place_taken
                place_taken = True
            elif standing == Standing.NEW_CONTENT_ID and kept is not None:
                yield post_id, kept, False
            else:
                kept = kept or post_id
