"""Posts that say the same: how their weights, and what users say of them, are joined."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from api.domain.posts import ClassifiedPost


def without_copies(posts: Sequence[ClassifiedPost], weights: Sequence[float]) -> list[float]:
    """Return the weights with those of each post's copies added to the first of them.

    Copies have the same text and time. They are one piece of evidence, however the weight is
    divided among them; the others get weight 0.
    """
    return _merged([_time_and_text(item) for item in posts], weights)


def without_repeats(posts: Sequence[ClassifiedPost], weights: Sequence[float]) -> list[float]:
    """Return the weights with those of all posts of a text added to the first of them.

    Each time that a text was posted counts in the mood, but a model that misreads it does so each
    time: for confidence the repeats are one piece of evidence. Those with different corrections are
    not.
    """
    return _merged([(item.post.text, item.correction) for item in posts], weights)


def _merged(keys: Sequence[Hashable], weights: Sequence[float]) -> list[float]:
    """Return the weights with those of each key added to the first of it."""
    first: dict[Hashable, int] = {}
    merged = list(weights)
    for index, (key, weight) in enumerate(zip(keys, weights, strict=True)):
        kept = first.setdefault(key, index)
        if kept != index:
            merged[kept] += weight
            merged[index] = 0.0
    return merged


def corrected_alike(posts: Sequence[ClassifiedPost]) -> list[ClassifiedPost]:
    """Return the posts, in their order, with the copies of each corrected post corrected like it.

    Copies have the same text and time. They are one piece of evidence (without_copies), so what
    the user says of one holds for all. Of different corrections that of the smallest id counts.
    """
    told: dict[tuple[datetime, str], ClassifiedPost] = {}
    for item in posts:
        if item.correction is None:
            continue
        key = _time_and_text(item)
        known = told.get(key)
        if known is None or item.post.post_id < known.post.post_id:
            told[key] = item
    if not told:
        return list(posts)
    corrections = (told.get(_time_and_text(item)) for item in posts)
    return [
        item
        if found is None or found.correction == item.correction
        else replace(item, correction=found.correction)
        for item, found in zip(posts, corrections, strict=True)
    ]


def _time_and_text(item: ClassifiedPost) -> tuple[datetime, str]:
    """Return what is the same in a post and its copies: time and text."""
    return item.post.created_at, item.post.text
