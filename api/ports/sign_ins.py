"""Ports for signing in at a source."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """Tokens of a person who signed in at a source."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime


class SignInProvider(Protocol):
    """A source where people can show which account is theirs (OAuth 2.0 with PKCE)."""

    def address(self, *, state: str, challenge: str) -> str:
        """Return the URL to send the person to; challenge is the S256 one of RFC 7636."""
        ...

    def redeem(self, code: str, *, verifier: str) -> tuple[str, SignIn]:
        """Return the account that signed in, and its tokens.

        Raises SourceUnauthorisedError for a code that is not or no longer valid, else what
        PostSource.page raises.
        """
        ...

    def refresh(self, sign_in: SignIn) -> SignIn:
        """Return new tokens; those given are invalid then. Raises what redeem raises."""
        ...


class Sealer(Protocol):
    """Encryption of what must not be readable in the store or in a browser."""

    def seal(self, text: str) -> str:
        """Return the text, encrypted."""
        ...

    def unseal(self, sealed: str, *, seconds: int | None = None) -> str | None:
        """Return the text; None where it was not sealed here, or longer ago than seconds."""
        ...

    def reseal(self, sealed: str) -> str | None:
        """Return what was sealed, sealed with the newest key; None where it was not sealed here."""
        ...
