"""Port for the classification of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from api.domain.posts import Classification


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Name and version of a model: classifications of another one are not reused."""

    name: str
    version: str

    @property
    def key(self) -> str:
        """The form under which classifications are stored: `name@version`."""
        return f"{self.name}@{self.version}"


class EmotionClient(Protocol):
    """Client of the inference server."""

    def model(self) -> ModelIdentity:
        """Return the model that is served now. Raises InferenceUnavailableError."""
        ...

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification per text, in order; an empty list for no text.

        Raises InferenceUnavailableError after its retries are spent, InferenceRejectedError where
        the server refuses the request or answers what cannot be read.
        """
        ...

    def ready(self) -> bool:
        """Return whether the server answers and is ready; never raises."""
        ...
