"""The latest results, so that a post that comes again costs neither a turn nor a run.

Reposts are identical once they are normalised. What is kept is a digest of the normalised text
under the model's version, never the text, and the JSON object that answered it; so an entry is
of bounded size, and so are as many as are allowed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from serving.classifier.preprocess import normalise
from serving.classifier.tokenizer import Normalised

LONGEST_TEXT = 1_000
"""Characters. Longer texts hardly come twice, and normalising them would hold others up."""

ENTRY_BYTES = 1_000
"""Memory that an entry takes at most: a digest, an answer, and their places in the table."""


class CacheObserver(Protocol):
    """Be told how well a cache does."""

    def looked_up(self, hits: int, misses: int, held: int) -> None:
        """Hear of the texts of one request, and how many results are held now."""
        ...


@dataclass(slots=True)
class Lookup:
    """Hold what is known of a request's texts: `items` by place, None where it is not known.

    `missing` are the texts to classify, each once; `places` says where each of them stands.
    """

    items: list[bytes | None]
    missing: list[str] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)


class ResultCache:
    """Keep `texts` results, the least recently used out first; for one event loop.

    With `texts` 0 nothing is kept and every text is classified as it comes.
    """

    def __init__(self, texts: int, model: str, observer: CacheObserver) -> None:
        """Keep results of `model`, a string that no other model has."""
        self._texts = texts
        self._digest = hashlib.blake2b(model.encode() + b"\0", digest_size=20)
        self._observer = observer
        self._items: OrderedDict[bytes, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def look_up(self, texts: Sequence[str]) -> Lookup:
        """Return what is known of `texts`."""
        found = Lookup([None] * len(texts))
        if not self._texts:
            found.missing, found.places = list(texts), [[place] for place in range(len(texts))]
            found.keys = [None] * len(texts)
            return found
        missing: dict[bytes, int] = {}
        for place, text in enumerate(texts):
            if len(text) > LONGEST_TEXT:
                self._miss(found, text, place, None)
                continue
            normalised = Normalised(normalise(text))
            key = self._key(normalised)
            if (item := self._items.get(key)) is not None:
                self._items.move_to_end(key)
                found.items[place] = item
            elif key in missing:
                found.places[missing[key]].append(place)
            else:
                missing[key] = len(found.missing)
                self._miss(found, normalised, place, key)
        misses = len(found.missing)
        self._observer.looked_up(len(texts) - misses, misses, len(self._items))
        return found

    def fill(self, found: Lookup, items: Sequence[bytes | None]) -> list[bytes | None]:
        """Keep the items of the missing texts, and return those of all texts by place."""
        for key, item, places in zip(found.keys, items, found.places, strict=True):
            for place in places:
                found.items[place] = item
            if key is not None and item is not None:
                self._items[key] = item
        while len(self._items) > self._texts:
            self._items.popitem(last=False)
        return found.items

    def _key(self, text: str) -> bytes:
        digest = self._digest.copy()
        digest.update(text.encode())
        return digest.digest()

    @staticmethod
    def _miss(found: Lookup, text: str, place: int, key: bytes | None) -> None:
        found.missing.append(text)
        found.places.append([place])
        found.keys.append(key)
