"""Client adapter for the inference server, over HTTP."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx

from api.domain.posts import EMOTIONS, Classification
from api.errors import InferenceRejectedError, InferenceUnavailableError
from api.ports.emotions import ModelIdentity
from serving.client import Classification as Answer
from serving.client import (
    InferenceBusyError,
    InferenceClient,
    InferenceError,
    InferenceRetryableError,
    RetryPolicy,
)

RETRY = RetryPolicy(attempts=3, first_pause=0.2, longest_pause=2.0, pause_budget=5.0)
"""Bridges a short outage only: longer waits belong to jobs, which can be stopped."""

_CONNECT_SECONDS = 3.0
_READY_SECONDS = 2.0
_SUM_TOLERANCE = 0.01


class HttpEmotionClient:
    """EmotionClient of an inference server; may be shared by threads.

    Connections are kept open between calls, until close().
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float = 35.0,
        key: str | None = None,
        retry: RetryPolicy = RETRY,
        sleep: Callable[[float], object] = time.sleep,
        trace_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Use the server at `base_url`, with a bearer `key` where it requires one.

        trace_id returns the id that the server logs a call with (letters, digits, ".", "_", "-").
        An answer may take timeout_seconds, which is best longer than the server's own deadline.
        Raises ValueError where base_url is no http or https URL.
        """
        timeout = httpx.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))
        self._client = InferenceClient(base_url, key=key, retry=retry, timeout=timeout, sleep=sleep)
        # Readiness is to be known at once, not after the time that an answer may take.
        self._probe = InferenceClient(
            base_url, key=key, timeout=httpx.Timeout(min(_READY_SECONDS, timeout_seconds))
        )
        self._trace_id = trace_id
        url = httpx.URL(base_url)
        self._address = f"{url.scheme}://{url.netloc.decode('ascii')}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._probe.close()

    def model(self) -> ModelIdentity:
        """Return the model that is served now.

        Raises InferenceUnavailableError, and InferenceRejectedError where what answers is no
        inference server or refuses the key.
        """
        with self._translated():
            info = self._client.model()
        return ModelIdentity(name=info.name, version=info.version)

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification per text; see EmotionClient."""
        if not texts:
            return []
        with self._translated():
            answers = self._client.classify(texts, request_id=self._trace_id())
        if len(answers) != len(texts):
            raise InferenceRejectedError(
                f"The inference server at {self._address} gave {len(answers)} answers to"
                f" {len(texts)} texts. Check that its version fits this one's."
            )
        return [self._checked(answer, index) for index, answer in enumerate(answers)]

    def ready(self) -> bool:
        """Return whether the server answers within two seconds and is ready; never raises."""
        try:
            return self._probe.ready()
        except InferenceError:
            return False

    def _checked(self, answer: Answer, index: int) -> Classification:
        if fault := _fault_of(answer):
            raise InferenceRejectedError(
                f"The answer of the inference server at {self._address} to text {index} {fault}."
                " Check that its model and version are the ones meant."
            )
        return Classification(
            label=answer.label,
            scores={emotion: answer.scores[emotion] for emotion in EMOTIONS},
            irony=answer.irony,
            tokens=answer.tokens,
            truncated=answer.truncated,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except InferenceBusyError as exc:
            raise InferenceUnavailableError(
                f"The inference server at {self._address} is there, but full or not ready yet."
                " Try again in a moment; if that goes on, give it more cores or send it less."
            ) from exc
        except InferenceRetryableError as exc:
            raise InferenceUnavailableError(
                f"The inference server at {self._address} did not answer ({exc}). Start it with"
                " `make serve`, or set INFERENCE_URL to where it runs."
            ) from exc
        except (InferenceError, OverflowError, RecursionError) as exc:
            # JSON may hold numbers and brackets without end: the last two errors.
            raise InferenceRejectedError(
                f"The inference server at {self._address} refused the request or answered what"
                f" cannot be read: {exc}. Check that INFERENCE_URL names an inference server of"
                " this version, and the key if it asks for one."
            ) from exc


def _fault_of(answer: Answer) -> str | None:
    """Return what is wrong with an answer, to follow on "the answer ...", or None."""
    if set(answer.scores) != set(EMOTIONS):
        return f"scores other emotions than {', '.join(EMOTIONS)}"
    if answer.label not in EMOTIONS:
        return "has a label that is no emotion"
    probabilities = (*answer.scores.values(), answer.irony)
    if not all(0.0 <= probability <= 1.0 for probability in probabilities):
        return "holds a number that is no probability"
    if not math.isclose(sum(answer.scores.values()), 1.0, abs_tol=_SUM_TOLERANCE):
        return "has scores that do not sum to 1"
    return "counts tokens below 0" if answer.tokens < 0 else None
