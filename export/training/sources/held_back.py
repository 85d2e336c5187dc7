"""Splitting a set that has only one file: a part is kept back and never trained on.

By a checksum of the text, so that the parts stay the same when a file gains or loses rows.
"""

import hashlib


def is_held_back(key: str, one_in: int) -> bool:
    """Return whether what `key` stands for is kept back: about one of `one_in` keys is."""
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") % one_in == 0
