"""Bearer keys of other teams (RFC 6750): the caller's name, found by a secret."""

import hashlib
import hmac
from collections.abc import Mapping

from serving.errors import KeyRefusedError

ANONYMOUS = "anonymous"
"""Name of every caller of a server that asks for no keys."""


class BearerKeys:
    """Known keys by name; finds the name that goes with an Authorization header.

    Only digests are kept. Every key is compared, in constant time, whether or not an earlier
    one matched, so that the time of an answer says nothing about any of them.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Take secrets by name."""
        self._digests = {name: _digest(secret) for name, secret in secrets.items()}

    def name_of(self, authorization: str | None) -> str:
        """Return the name of the key in the header's value; KeyRefusedError if there is none."""
        scheme, _, secret = (authorization or "").partition(" ")
        shown = _digest(secret.strip())
        matches = [
            name for name, known in self._digests.items() if hmac.compare_digest(shown, known)
        ]
        if scheme.lower() != "bearer" or not matches:
            raise KeyRefusedError("Send `Authorization: Bearer KEY` with a key that is known here.")
        return matches[0]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
