"""API keys: creation, verification, listing and revocation."""

import hmac
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from api.domain.api_keys import ApiKey, Scope, key_digest
from api.errors import (
    ConflictError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
    StoreUnavailableError,
    UnauthorizedError,
)
from api.ports.api_keys import KeyStore
from api.ports.clock import Clock
from api.services.users import valid_user_id

HOW_TO_MAKE_A_KEY = "`python -m api.keys create NAME --scope read --user USER_NAME` makes a key"
FIRST_KEY_NAME = "first"

_USE_RECORDED_EVERY = timedelta(minutes=1)
_NO_DIGEST = bytes(32)


class Access:
    """Use cases of API keys. Without a pepper there are no keys, and none is required.

    While old_pepper is given, keys that were made with it are valid too; each gets the digest of
    the pepper at its next use.
    """

    def __init__(
        self, keys: KeyStore, clock: Clock, pepper: str | None, old_pepper: str | None = None
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._pepper = pepper
        self._old_pepper = old_pepper

    @property
    def required(self) -> bool:
        """Return whether calls need a key."""
        return self._pepper is not None

    def key_of(self, shown: str | None) -> ApiKey:
        """Return the key that a request shows, and record its use to the minute.

        Raises UnauthorizedError for no key or an unknown one.
        """
        if shown is None:
            raise UnauthorizedError(
                "This call needs an API key: send it as `Authorization: Bearer PREFIX.SECRET`, or"
                f" as `X-API-Key`. {HOW_TO_MAKE_A_KEY}."
            )
        prefix, _, secret = shown.partition(".")
        key = self._keys.key(prefix)
        # An unknown prefix is compared as well, so that the response time reveals nothing.
        expected = _NO_DIGEST if key is None else key.digest
        digest = key_digest(self._pepper or "", prefix, secret)
        matches = hmac.compare_digest(expected, digest)
        # Both are computed for every key, for the same reason.
        of_old = self._old_pepper is not None and hmac.compare_digest(
            expected, key_digest(self._old_pepper, prefix, secret)
        )
        if key is None or not (matches or of_old):
            raise UnauthorizedError("The API key is none that is known here; it may be revoked.")
        if not matches:
            with suppress(StoreUnavailableError):  # the next use tries again
                self._keys.replace_digest(prefix, digest)
        now = self._clock()
        if key.last_used_at is None or abs(now - key.last_used_at) >= _USE_RECORDED_EVERY:
            with suppress(StoreUnavailableError):  # the call itself may not need the store
                self._keys.note_use(prefix, now)
        return key

    def create(self, name: str, scopes: Collection[Scope], users: Collection[str]) -> str:
        """Create a key and return it as `prefix.secret`; the secret is shown only this once.

        Raises InvalidRequestError without a pepper, for an invalid user name, and for a key that
        could access nobody's data.
        """
        if self._pepper is None:
            raise InvalidRequestError(
                "Set API_KEY_PEPPER first, to a long random text that is kept secret and stays the"
                " same: keys are known again by it."
            )
        user_ids = frozenset(valid_user_id(user) for user in users)
        if not user_ids and not {Scope.APPLICATION, Scope.ADMIN} & set(scopes):
            raise InvalidRequestError(
                "The key would reach nobody's data.",
                [FieldError("users", "name at least one, or give the scope application or admin")],
            )
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        digest = key_digest(self._pepper, prefix, secret)
        self._keys.add_key(ApiKey(prefix, name, digest, frozenset(scopes), user_ids, self._clock()))
        return f"{prefix}.{secret}"

    def create_first(self) -> str:
        """Create the first key, which has the scope admin, and return it as `create` does.

        Raises InvalidRequestError without a pepper, and ConflictError where there is a key already.
        """
        if self._keys.all_keys():
            raise ConflictError(
                "There are API keys already. `python -m api.keys list` shows them; if the secrets"
                " of all are lost, `python -m api.keys create NAME --scope admin` makes another."
            )
        return self.create(FIRST_KEY_NAME, [Scope.ADMIN], [])

    def all_keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        return self._keys.all_keys()

    def revoke(self, prefix: str) -> None:
        """Delete a key, so that it is refused from now on. Raises NotFoundError."""
        if not self._keys.remove_key(prefix):
            raise NotFoundError(f"There is no key {prefix!r}. `python -m api.keys list` shows all.")
