"""Name what classifies texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from api.domain.posts import Classification


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Name the model that serves: classifications of another name or version are not reused."""

    name: str
    version: str

    @property
    def key(self) -> str:
        """Return the form under which classifications are kept: `name@version`."""
        return f"{self.name}@{self.version}"


class EmotionClient(Protocol):
    """Have texts classified by the inference server."""

    def model(self) -> ModelIdentity:
        """Name the model that answers now. Raises InferenceUnavailableError."""
        ...

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification a text, in order; an empty list for no text.

        Raises InferenceUnavailableError after its retries are spent, InferenceRejectedError where
        the server refuses the request or answers what cannot be read.
        """
        ...

    def ready(self) -> bool:
        """Tell whether the server answers and is ready; never raises."""
        ...
