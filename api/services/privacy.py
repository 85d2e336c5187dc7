"""Let users decide about what is held of them: agree, withdraw, take it along, erase it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.domain.analyses import WORDS_VERSION
from api.ports.clock import Clock
from api.ports.store import Store, UserRecord
from api.services.users import known_user, named


class Privacy:
    """Serve consent, export and erasure."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def consent(self, user_name: str, *, matchable: bool) -> UserRecord:
        """Record that the user agrees now to be analysed, and whether also to be matched."""
        now = self._clock()
        user = self._store.ensure_user(named(user_name), user_name, now)
        self._store.set_consent(user.user_id, now, words=WORDS_VERSION)
        self._store.set_matchable(user.user_id, matchable)
        return UserRecord(user.user_id, user.user_name, user.created_at, now)

    def erase(self, user_name: str) -> None:
        """Erase everything held about the user; withdrawing consent means just that.

        Raises NotFoundError.
        """
        user = known_user(self._store, user_name)
        self._store.erase_user(user.user_id, self._clock())

    def export(self, user_name: str) -> Mapping[str, Any]:
        """Return everything held about the user as JSON values. Raises NotFoundError."""
        return self._store.export_user(known_user(self._store, user_name).user_id)
