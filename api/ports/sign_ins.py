"""Name what signing in at a source needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """Hold the tokens of a person who signed in at a source."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime


class SignInProvider(Protocol):
    """Let people show at a source which account is theirs (OAuth 2.0 with PKCE)."""

    def address(self, *, state: str, challenge: str) -> str:
        """Return where to send the person; challenge is the S256 one of RFC 7636."""
        ...

    def redeem(self, code: str, *, verifier: str) -> tuple[str, SignIn]:
        """Return the account that signed in, and its tokens.

        Raises SourceUnauthorisedError for a code that is not or no longer good, else as
        PostSource.page.
        """
        ...

    def refresh(self, sign_in: SignIn) -> SignIn:
        """Return fresh tokens; those given are used up. Raises as redeem."""
        ...


class Sealer(Protocol):
    """Encrypt what must not be read in the store or in a browser."""

    def seal(self, text: str) -> str:
        """Return the text, encrypted."""
        ...

    def unseal(self, sealed: str, *, seconds: int | None = None) -> str | None:
        """Return the text; None where it was not sealed here, or longer ago than seconds."""
        ...
