"""Define API keys: what the holder of one may do, and to whose data.

A key is written `prefix.secret`. The prefix names it; of the secret only a digest is kept.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """Name what a key allows; admin allows everything, to everybody's data."""

    ANALYSE = "analyse"
    READ = "read"
    ERASE = "erase"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Hold what is kept of a key; users are the ids of those whose data it reaches."""

    prefix: str
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope]
    users: frozenset[str]
    created_at: datetime
    last_used_at: datetime | None = None

    def allows(self, scope: Scope) -> bool:
        """Tell whether the key may be used for something of this scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def reaches(self, user_id: str) -> bool:
        """Tell whether the key may be used on the data of this user."""
        return user_id in self.users or Scope.ADMIN in self.scopes


def key_digest(pepper: str, prefix: str, secret: str) -> bytes:
    """Return what is kept of a secret: HMAC-SHA256 under the pepper, bound to its prefix.

    A plain digest is enough, and quick: the secret is random, so there is nothing to guess.
    """
    return hmac.digest(pepper.encode(), f"{prefix}.{secret}".encode(), "sha256")
