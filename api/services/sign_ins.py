"""Sign-in at X (OAuth 2 with PKCE), and the encrypted tokens it yields.

A person's tokens are in the store, encrypted: workers are other processes, and an analysis may be
deferred for hours. The encryption key is in the settings, so neither a copy of the store nor of the
environment is enough. Erasing the user erases the tokens.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.domain.analyses import AnalysisRequest
from api.errors import (
    FieldError,
    InvalidRequestError,
    SourceNotConfiguredError,
    SourceUnauthorisedError,
)
from api.ports.clock import Clock
from api.ports.sign_ins import Sealer, SignIn, SignInProvider
from api.ports.store import Store
from api.services.users import valid_user_id

X = "x"
TICKET_SECONDS = 600
TO_SIGN_IN = "X_CLIENT_ID, X_REDIRECT_URI and SIGN_IN_KEY"

_REFRESHED_BEFORE = timedelta(minutes=10)
_AGAIN = "Begin again at /v1/sign-in/x, and finish within ten minutes in the same browser."


@dataclass(frozen=True, slots=True)
class SignInStart:
    """Address to send the person to, and the ticket that their browser keeps meanwhile."""

    address: str
    ticket: str


class SignIns:
    """Use cases of sign-in at X; provider and sealer are None if they are not set up.

    over_tls is whether people reach this service by https.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        new_secret: Callable[[], str],
        *,
        provider: SignInProvider | None,
        sealer: Sealer | None,
        over_tls: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_secret = new_secret
        self.over_tls = over_tls
        self._parts = (provider, sealer) if provider and sealer else None

    @property
    def configured(self) -> bool:
        """Return whether people can sign in here."""
        return self._parts is not None

    def begin(self) -> SignInStart:
        """Start a sign-in. Raises SourceNotConfiguredError."""
        provider, sealer = self._set_up()
        state, verifier = self._new_secret(), self._new_secret()
        digest = hashlib.sha256(verifier.encode("ascii")).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        ticket = sealer.seal(json.dumps([state, verifier]))
        return SignInStart(provider.address(state=state, challenge=challenge), ticket)

    def complete(self, *, ticket: str, state: str, code: str) -> str:
        """Store the sign-in of a person who returns from X, and return their user name.

        Only the browser that began may finish; otherwise one person could have another's posts
        analysed in their own name. The account at X determines the user. Raises
        InvalidRequestError, SourceNotConfiguredError, and the errors of SignInProvider.redeem.
        """
        provider, sealer = self._set_up()
        unsealed = sealer.unseal(ticket, seconds=TICKET_SECONDS)
        if unsealed is None:
            raise InvalidRequestError(f"The sign-in was not begun in this browser. {_AGAIN}")
        begun, verifier = json.loads(unsealed)
        if not hmac.compare_digest(begun.encode(), state.encode()):
            raise InvalidRequestError(
                f"The sign-in is not the one that was begun. {_AGAIN}",
                [FieldError("state", "is not the one given at the beginning")],
            )
        if not code:
            raise InvalidRequestError(f"X gave no permission: it was declined. {_AGAIN}")
        user_name, sign_in = provider.redeem(code, verifier=verifier)
        user_id = valid_user_id(user_name)
        self._store.ensure_user(user_id, user_name, self._clock())
        self._store.set_sign_in(user_id, X, sealer.seal(_serialised(sign_in)))
        return user_name

    def signed_in(self, request: AnalysisRequest) -> bool:
        """Return whether the user has signed in as the account that the request names."""
        return self._stored(request) is not None

    def access(self, request: AnalysisRequest) -> str | None:
        """Return an access token for the request's account, None if nobody signed in as it.

        A token that expires soon is refreshed first. Raises SourceUnauthorisedError if X no longer
        accepts the sign-in, which is then deleted, and the errors of SignInProvider.refresh.
        """
        stored = self._stored(request)
        if stored is None:
            return None
        if stored.expires_at - self._clock() > _REFRESHED_BEFORE:
            return stored.access_token
        provider, sealer = self._set_up()
        try:
            fresh = provider.refresh(stored)
        except SourceUnauthorisedError:
            self._store.set_sign_in(request.user_id, X, None)
            raise
        self._store.set_sign_in(request.user_id, X, sealer.seal(_serialised(fresh)))
        return fresh.access_token

    def _stored(self, request: AnalysisRequest) -> SignIn | None:
        if self._parts is None or request.source != X or request.account != request.user_id:
            return None
        sealed = self._store.sign_in(request.user_id, X)
        unsealed = self._parts[1].unseal(sealed) if sealed else None
        return _parsed(unsealed) if unsealed else None

    def _set_up(self) -> tuple[SignInProvider, Sealer]:
        if self._parts is None:
            raise SourceNotConfiguredError(f"Signing in at X needs {TO_SIGN_IN} to be set.")
        return self._parts


def _serialised(sign_in: SignIn) -> str:
    return json.dumps([sign_in.access_token, sign_in.refresh_token, sign_in.expires_at.isoformat()])


def _parsed(text: str) -> SignIn:
    access_token, refresh_token, expires_at = json.loads(text)
    return SignIn(access_token, refresh_token, datetime.fromisoformat(expires_at))
