"""Readiness of the service's dependencies."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from api.errors import StoreUnavailableError
from api.ports.emotions import EmotionClient
from api.ports.store import Store


@dataclass(frozen=True, slots=True)
class Health:
    """Readiness checks; others are further checks by name, which never raise."""

    store: Store
    emotions: EmotionClient
    others: Mapping[str, Callable[[], bool]]

    def dependencies(self) -> dict[str, bool]:
        """Return for each dependency, by name, whether it is ready."""
        store_ready = False
        with suppress(StoreUnavailableError):
            self.store.ping()
            store_ready = True
        return {
            "store": store_ready,
            "inference": self.emotions.ready(),
            **{name: ready() for name, ready in self.others.items()},
        }
