"""Tell whether everything that the service needs is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from api.errors import StoreUnavailableError
from api.ports.emotions import EmotionClient
from api.ports.store import Store


class Health:
    """Look at the dependencies of the service."""

    def __init__(
        self, store: Store, emotions: EmotionClient, others: Mapping[str, Callable[[], bool]]
    ) -> None:
        """Look at these; others tell, by name, whether they are ready and never raise."""
        self._store = store
        self._emotions = emotions
        self._others = others

    def dependencies(self) -> dict[str, bool]:
        """Tell of each dependency by name whether it is ready."""
        try:
            self._store.ping()
        except StoreUnavailableError:
            store_ready = False
        else:
            store_ready = True
        return {
            "store": store_ready,
            "inference": self._emotions.ready(),
            **{name: ready() for name, ready in self._others.items()},
        }
