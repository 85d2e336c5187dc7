"""Sign-in at X, so that people can have their own posts read (OAuth 2.0 with PKCE)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from api.errors import SourceUnauthorisedError, SourceUnavailableError
from api.ports.clock import Clock
from api.ports.sign_ins import SignIn
from api.sources.http_client import Answer, BoundedHttpClient
from api.sources.x.client import XClient

AUTHORISE_URL = "https://x.com/i/oauth2/authorize"
SCOPES = "tweet.read users.read like.read offline.access"

_SHORTEST, _LONGEST = 60, 86_400


@dataclass(frozen=True, slots=True)
class XSignIn:
    """SignInProvider on the X API v2.

    tweepy's OAuth2UserHandler is not used: it knows only X's own host, has no timeout, and the
    library under it logs the tokens at DEBUG. client_id, client_secret (None for a public client)
    and redirect_uri are the app's registration at X.
    """

    http: BoundedHttpClient
    url: str
    clock: Clock
    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str

    def address(self, *, state: str, challenge: str) -> str:
        """Return the URL of X's page that asks the person for consent."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{AUTHORISE_URL}?{urlencode(asked)}"

    def redeem(self, code: str, *, verifier: str) -> tuple[str, SignIn]:
        """Return the name of the account that signed in, in lower case, and its tokens."""
        sign_in = self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": verifier,
            },
            None,
        )
        client = XClient(self.http, self.url, sign_in.access_token, self.clock)
        answer: Answer = client.get_me(user_auth=False)
        user = answer.required_fields("X").get("data")
        name = user.get("username") if isinstance(user, dict) else None
        if not isinstance(name, str):
            raise SourceUnavailableError("X did not say whose sign-in this is.")
        return name.lower(), sign_in

    def refresh(self, sign_in: SignIn) -> SignIn:
        """Return new tokens in place of those given."""
        if sign_in.refresh_token is None:
            raise SourceUnauthorisedError("The sign-in at X has ended. Sign in again.")
        form = {"grant_type": "refresh_token", "refresh_token": sign_in.refresh_token}
        return self._tokens(form, sign_in.refresh_token)

    def _tokens(self, form: dict[str, str], refresh_token: str | None) -> SignIn:
        """Request tokens; the refresh token given stays where X sends no other."""
        answer = self.http.send(
            "POST",
            f"{self.url}/2/oauth2/token",
            form={**form, "client_id": self.client_id},
            credentials=(self.client_id, self.client_secret) if self.client_secret else None,
        )
        if answer.status in (400, 401, 403):
            raise SourceUnauthorisedError("X did not accept the sign-in. Sign in again.")
        if answer.status != 200:
            raise SourceUnavailableError(f"X gave no tokens ({answer.status}).")
        fields = answer.required_fields("X")
        access, refresh = fields.get("access_token"), fields.get("refresh_token", refresh_token)
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            raise SourceUnavailableError("X gave no tokens that can be used.")
        seconds = _seconds(fields.get("expires_in"))
        return SignIn(
            access,
            refresh if isinstance(refresh, str) else None,
            self.clock() + timedelta(seconds=seconds),
        )


def _seconds(stated: Any) -> int:
    """Return how long a token is valid; two hours, as X documents, where it does not say."""
    sound = isinstance(stated, int) and _SHORTEST <= stated <= _LONGEST
    return stated if sound else 7200
