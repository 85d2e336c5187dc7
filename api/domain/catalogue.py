"""Parsing and validation of the curated catalogue of recommendations."""

import re
from collections.abc import Mapping, Sequence

from api.domain.mood.moods import Mood
from api.domain.recommendations import ACCOUNT, HASHTAG, CatalogueItem

_ABOUT_CHARACTERS = 160
_FIELDS = {"kind", "name", "about"}
_NAMES = {
    ACCOUNT: (re.compile(r"[A-Za-z0-9_]{1,15}"), "1 to 15 letters, digits or _, without the @"),
    HASHTAG: (
        re.compile(r"[a-z0-9_]*[a-z][a-z0-9_]*"),
        "lower-case letters, digits or _, without the #",
    ),
}


class InvalidCatalogueError(ValueError):
    """A catalogue that is not valid; the message names the first item at fault."""


def parse_catalogue(data: object) -> list[CatalogueItem]:
    """Return the items of {mood: [{"kind", "name", "about"}, ...]}, in the file's order.

    Raises InvalidCatalogueError unless each mood has at least one account, at least one hashtag
    and no duplicates.
    """
    if not isinstance(data, Mapping):
        raise InvalidCatalogueError("the catalogue must be an object with one list for each mood")
    if set(data) != set(Mood):
        names = ", ".join(Mood)
        raise InvalidCatalogueError(f"the catalogue's keys must be {names}, no more and no fewer")
    items = []
    for mood in Mood:
        items.extend(_items_of(mood, data[mood]))
    return items


def _items_of(mood: Mood, entries: object) -> list[CatalogueItem]:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise InvalidCatalogueError(f"{mood}: the items must be a list")
    items: list[CatalogueItem] = []
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries, start=1):
        item = _item(mood, entry, where=f"{mood}, item {number}")
        key = (item.kind, item.name.lower())
        if key in seen:
            raise InvalidCatalogueError(f"{mood}, item {number} ({item.name}) is there twice")
        seen.add(key)
        items.append(item)
    for kind in _NAMES:
        if all(item.kind != kind for item in items):
            raise InvalidCatalogueError(f"{mood}: there must be at least one {kind}")
    return items


def _item(mood: Mood, entry: object, *, where: str) -> CatalogueItem:
    if not isinstance(entry, Mapping) or set(entry) != _FIELDS:
        raise InvalidCatalogueError(f"{where}: must have kind, name and about, and nothing else")
    kind, name, about = entry["kind"], entry["name"], entry["about"]
    if not isinstance(name, str):
        raise InvalidCatalogueError(f"{where}: the name must be text")
    where = f"{where} ({name})"
    if not isinstance(kind, str) or kind not in _NAMES:
        raise InvalidCatalogueError(f'{where}: the kind must be "account" or "hashtag"')
    pattern, rule = _NAMES[kind]
    if not pattern.fullmatch(name):
        raise InvalidCatalogueError(f"{where}: the name of this {kind} must be {rule}")
    if not isinstance(about, str) or not 0 < len(about.strip()) <= _ABOUT_CHARACTERS:
        raise InvalidCatalogueError(
            f"{where}: about must be one sentence of up to {_ABOUT_CHARACTERS} characters"
        )
    return CatalogueItem(mood=mood.value, kind=kind, name=name, about=about)
