"""The model that the inference server has now, to tell which moods an earlier one has read."""

import threading
import time
from collections.abc import Callable

from api.errors import DependencyError, InferenceUnavailableError
from api.ports.emotions import EmotionClient

_ASKED_EVERY_SECONDS = 10.0
_ASKED_AFTER_FAILURE_SECONDS = 60.0
_LONGEST_SECONDS = 2.0


class ServedModel:
    """Asks the inference server now and then, so that no read of a mood waits for it.

    monotonic returns the seconds of a clock that never jumps.
    """

    def __init__(
        self, emotions: EmotionClient, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._emotions = emotions
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._known: str | None = None
        self._ask_at = monotonic()

    def key(self) -> str | None:
        """Return the ModelIdentity.key as it was a moment ago, None if it is not known.

        One call in ten seconds asks; the others, and those that come meanwhile, do not wait. While
        the inference server cannot be reached, the model that it had last counts.
        """
        if self._monotonic() >= self._ask_at and self._asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._asking.release()
        return self._known

    def _ask(self) -> None:
        deadline = self._monotonic() + _LONGEST_SECONDS
        again = _ASKED_EVERY_SECONDS

        def check() -> None:
            if self._monotonic() > deadline:
                raise InferenceUnavailableError("The inference server takes too long.")

        try:
            self._known = self._emotions.model(check=check).key
        except DependencyError:
            again = _ASKED_AFTER_FAILURE_SECONDS
        self._ask_at = self._monotonic() + again
