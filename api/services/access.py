"""Make API keys, and know them again when they are shown."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from api.domain.api_keys import ApiKey, Scope, key_digest
from api.errors import (
    FieldError,
    InvalidRequestError,
    NotFoundError,
    StoreUnavailableError,
    UnauthorizedError,
)
from api.ports.clock import Clock
from api.ports.keys import KeyStore
from api.services.users import named

HOW_TO_MAKE_A_KEY = "`python -m api.keys create NAME --scope read --user USER_NAME` makes a key"

_USE_NOTED_EVERY = timedelta(minutes=1)
_NO_DIGEST = bytes(32)


class Access:
    """Serve API keys. Without a pepper there are none, and none is asked for."""

    def __init__(self, keys: KeyStore, clock: Clock, pepper: str | None) -> None:
        self._keys = keys
        self._clock = clock
        self._pepper = pepper

    @property
    def required(self) -> bool:
        """Tell whether calls need a key."""
        return self._pepper is not None

    def key_of(self, shown: str | None) -> ApiKey:
        """Return the key that was shown, and note its use to the minute.

        Raises UnauthorizedError where none was shown, or none that is known.
        """
        if shown is None:
            raise UnauthorizedError(
                "This call needs an API key: send it as `Authorization: Bearer PREFIX.SECRET`, or"
                f" as `X-API-Key`. {HOW_TO_MAKE_A_KEY}."
            )
        prefix, _, secret = shown.partition(".")
        key = self._keys.key(prefix)
        # An unknown prefix is compared as well, so that the time tells nothing of it.
        kept = _NO_DIGEST if key is None else key.digest
        right = hmac.compare_digest(kept, key_digest(self._pepper or "", prefix, secret))
        if key is None or not right:
            raise UnauthorizedError("The API key is none that is known here; it may be revoked.")
        now = self._clock()
        if key.last_used_at is None or now - key.last_used_at >= _USE_NOTED_EVERY:
            with suppress(StoreUnavailableError):  # whether the call can be served shows later
                self._keys.note_use(prefix, now)
        return key

    def create(self, name: str, scopes: Collection[Scope], users: Collection[str]) -> str:
        """Make a key and return it as `prefix.secret`: the only time that the secret is shown.

        Raises InvalidRequestError where there is no pepper, for a bad user name, and for a key
        that would reach nobody.
        """
        if self._pepper is None:
            raise InvalidRequestError(
                "Set API_KEY_PEPPER first, to a long random text that is kept secret and stays the"
                " same: keys are known again by it."
            )
        user_ids = frozenset(named(user) for user in users)
        if not user_ids and Scope.ADMIN not in scopes:
            raise InvalidRequestError(
                "The key would reach nobody's data.",
                [FieldError("users", "name at least one, or give the scope admin")],
            )
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        digest = key_digest(self._pepper, prefix, secret)
        self._keys.add_key(ApiKey(prefix, name, digest, frozenset(scopes), user_ids, self._clock()))
        return f"{prefix}.{secret}"

    def all_keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        return self._keys.all_keys()

    def revoke(self, prefix: str) -> None:
        """Forget a key, so that it is refused from now on. Raises NotFoundError."""
        if not self._keys.remove_key(prefix):
            raise NotFoundError(f"There is no key {prefix!r}. `python -m api.keys list` shows all.")
