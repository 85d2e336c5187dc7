"""Fake client of the inference server."""

import threading
from collections.abc import Callable, Sequence

from api.domain.posts import EMOTIONS, Classification
from api.errors import InferenceUnavailableError
from api.ports.emotions import Check, ModelIdentity


class FakeEmotionClient:
    """EmotionClient that finds the emotion named in a text, else neutral, and records its calls.

    Calls fail while down is set; before_answer, where set, runs before each answer.
    """

    def __init__(self) -> None:
        self.identity = ModelIdentity("fake", "1")
        self.down = False
        self.error: Exception | None = None
        self.before_answer: Callable[[int], None] | None = None
        self.calls: list[list[str]] = []
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        """Every text that was classified, as often as it was."""
        return [text for call in self.calls for text in call]

    def model(self, *, check: Check | None = None) -> ModelIdentity:
        if self.down:
            raise InferenceUnavailableError("The fake is down.")
        return self.identity

    def ready(self) -> bool:
        return not self.down

    def classify(self, texts: Sequence[str], *, check: Check | None = None) -> list[Classification]:
        if self.before_answer:
            self.before_answer(len(self.calls))
        if self.down:
            raise InferenceUnavailableError("The fake is down.")
        if self.error:
            raise self.error
        with self._lock:
            self.calls.append(list(texts))
        return [_classification(text) for text in texts]


def _classification(text: str) -> Classification:
    label = next((emotion for emotion in EMOTIONS if emotion in text), "neutral")
    scores = {emotion: 0.88 if emotion == label else 0.02 for emotion in EMOTIONS}
    return Classification(label, scores, irony=0.1, tokens=len(text.split()), truncated=False)
