"""Search in the texts of posts, in the same way in every store."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from api.domain.posts import folded_text

Key = TypeVar("Key")


def holding(texts: Iterable[tuple[Key, str]], wanted: str, limit: int | None) -> Iterator[Key]:
    """Yield the keys of up to `limit` texts (None: all) that hold a folded text, in their order.

    No index: one of substrings would be larger than the texts, and a person searches seldom.
    """
    found = (key for key, text in texts if wanted in folded_text(text))
    return islice(found, limit)
