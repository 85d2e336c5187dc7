"""Readiness of the service's dependencies."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from api.errors import StoreUnavailableError
from api.ports.emotions import EmotionClient
from api.ports.store import Store


class Health:
    """Readiness checks; others are further checks by name, which never raise."""

    def __init__(
        self, store: Store, emotions: EmotionClient, others: Mapping[str, Callable[[], bool]]
    ) -> None:

        self._store = store
        self._emotions = emotions
        self._others = others

    def dependencies(self) -> dict[str, bool]:
        """Return for each dependency, by name, whether it is ready."""
        store_ready = False
        with suppress(StoreUnavailableError):
            self._store.ping()
            store_ready = True
        return {
            "store": store_ready,
            "inference": self._emotions.ready(),
            **{name: ready() for name, ready in self._others.items()},
        }
