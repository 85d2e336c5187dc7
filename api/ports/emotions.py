"""Port for the classification of texts."""

from collections.abc import Callable, Sequence
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


Check = Callable[[], object]
"""Called now and then while a call is under way; what it raises ends the call, and is raised."""


class EmotionClient(Protocol):
    """Client of the inference server; a call ends in a bounded time, whatever the server does."""

    def model(self, *, check: Check | None = None) -> ModelIdentity:
        """Return the model that is served now.

        Raises InferenceUnavailableError, InferenceRejectedError and the errors of check.
        """
        ...

    def classify(self, texts: Sequence[str], *, check: Check | None = None) -> list[Classification]:
        """Return one classification per text, in order; an empty list for no text.

        Raises InferenceUnavailableError after its retries are spent, InferenceRejectedError where
        the server refuses the request or answers what cannot be read, and the errors of check.
        """
        ...

    def ready(self) -> bool:
        """Return whether the server answers and is ready; never raises."""
        ...
