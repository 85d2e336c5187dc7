"""Cache of the latest results, so that a repeated post costs neither queueing nor a run.

Reposts are identical once they are normalised. An entry is a digest of the normalised text under
the model's version, never the text, and the JSON object that answered it; so entries are of
bounded size, and their number is limited.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from serving.classifier.preprocess import normalise
from serving.classifier.tokenizer import Normalised

LONGEST_TEXT = 1_000
"""Characters. Longer texts hardly come twice, and normalising them would delay other requests."""

ENTRY_BYTES = 1_000
"""Memory of one entry at most: a digest, an answer, and their slots in the table."""


class CacheObserver(Protocol):
    """Metrics of the cache."""

    def looked_up(self, hits: int, misses: int, entries: int) -> None:
        """Record the texts of one request, and how many results are cached now."""
        ...


@dataclass(slots=True)
class Lookup:
    """What the cache knows of a request's texts: `items` by index, None where unknown.

    `missing` are the texts to classify, each once; `indices` are the positions of each of them in
    the request.
    """

    items: list[bytes | None]
    missing: list[str] = field(default_factory=list)
    indices: list[list[int]] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)

    def miss(self, text: str, index: int, key: bytes | None) -> None:
        """Add a text that is not cached."""
        self.missing.append(text)
        self.indices.append([index])
        self.keys.append(key)


class ResultCache:
    """Keeps `texts` results, the least recently used out first; for one event loop.

    With `texts` 0 nothing is kept and every text is classified.
    """

    def __init__(self, texts: int, model: str, observer: CacheObserver) -> None:
        """Cache results of `model`, a string that identifies its name and version."""
        self._texts = texts
        self._digest = hashlib.blake2b(model.encode() + b"\0", digest_size=20)
        self._observer = observer
        self._items: OrderedDict[bytes, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def look_up(self, texts: Sequence[str]) -> Lookup:
        """Return the cached items of `texts`, and the texts that are missing."""
        found = Lookup([None] * len(texts))
        if not self._texts:
            for index, text in enumerate(texts):
                found.miss(text, index, None)
            return found
        missing: dict[bytes, int] = {}
        for index, text in enumerate(texts):
            if len(text) > LONGEST_TEXT:
                found.miss(text, index, None)
                continue
            normalised = text if isinstance(text, Normalised) else Normalised(normalise(text))
            key = self._key(normalised)
            if (item := self._items.get(key)) is not None:
                self._items.move_to_end(key)
                found.items[index] = item
            elif key in missing:
                found.indices[missing[key]].append(index)
            else:
                missing[key] = len(found.missing)
                found.miss(normalised, index, key)
        misses = len(found.missing)
        self._observer.looked_up(len(texts) - misses, misses, len(self._items))
        return found

    def fill(self, found: Lookup, items: Sequence[bytes | None]) -> list[bytes | None]:
        """Cache the items of the missing texts, and return those of all texts by index."""
        for key, item, indices in zip(found.keys, items, found.indices, strict=True):
            for index in indices:
                found.items[index] = item
            if key is not None and item is not None:
                self._items[key] = item
        while len(self._items) > self._texts:
            self._items.popitem(last=False)
        return found.items

    def _key(self, text: str) -> bytes:
        digest = self._digest.copy()
        digest.update(text.encode())
        return digest.digest()
