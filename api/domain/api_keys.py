"""API keys: what the holder of one may do, and to whose data.

A key is written `prefix.secret`. The prefix names it; only a digest of the secret is stored.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key allows.

    The first three allow it with the data of the key's users. application allows all three with
    everybody's data: it is for a program that serves many users. admin allows everything.
    """

    ANALYSE = "analyse"
    READ = "read"
    ERASE = "erase"
    APPLICATION = "application"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Stored form of a key; users are the ids of those whose data it may access."""

    prefix: str
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope]
    users: frozenset[str]
    created_at: datetime
    last_used_at: datetime | None = None

    @property
    def reaches_everybody(self) -> bool:
        """Whether the key may be used with the data of any user."""
        return not self.scopes.isdisjoint((Scope.APPLICATION, Scope.ADMIN))

    def allows(self, scope: Scope) -> bool:
        """Return whether the key may be used for this scope."""
        return (
            scope in self.scopes
            or Scope.ADMIN in self.scopes
            or (Scope.APPLICATION in self.scopes and scope is not Scope.ADMIN)
        )

    def reaches(self, user_id: str) -> bool:
        """Return whether the key may be used with the data of this user."""
        return user_id in self.users or self.reaches_everybody


def key_digest(pepper: str, prefix: str, secret: str) -> bytes:
    """Return the digest of a secret: HMAC-SHA256 with the pepper as key, over prefix and secret.

    A slow password hash is not needed: the secret is random, so it cannot be guessed.
    """
    return hmac.digest(pepper.encode(), f"{prefix}.{secret}".encode(), "sha256")
