"""Client adapter for the inference server, over HTTP."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import httpx

from api.domain.posts import EMOTIONS, Classification
from api.errors import InferenceRejectedError, InferenceUnavailableError
from api.ports.emotions import Check, ModelIdentity
from serving.client import Classification as Answer
from serving.client import (
    InferenceBusyError,
    InferenceClient,
    InferenceError,
    InferenceFailedError,
    InferenceRetryableError,
    RetryPolicy,
)

RETRY = RetryPolicy(attempts=3, first_pause=0.2, longest_pause=2.0, pause_budget=5.0)
"""Bridges a short outage only: longer waits belong to jobs, which can be stopped."""

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
        sleep: Callable[[float], object] | None = None,
        trace_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Use the server at `base_url`, with a bearer `key` where it requires one.

        trace_id returns the id that the server logs a call with (letters, digits, ".", "_", "-").
        A call may take timeout_seconds, retries included, which is best longer than the server's
        own deadline. Raises ValueError where base_url is no http or https URL.
        """
        self._client = InferenceClient(
            base_url,
            key=key,
            retry=replace(RETRY, budget=timeout_seconds),
            seconds=timeout_seconds,
            sleep=sleep,
        )
        # Readiness is to be known at once, not after the time that an answer may take.
        self._probe = InferenceClient(
            base_url, key=key, seconds=min(_READY_SECONDS, timeout_seconds)
        )
        self._trace_id = trace_id
        url = httpx.URL(base_url)
        self._address = f"{url.scheme}://{url.netloc.decode('ascii')}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._probe.close()

    def model(self, *, check: Check | None = None) -> ModelIdentity:
        """Return the model that is served now.

        Raises InferenceUnavailableError, and InferenceRejectedError where what answers is no
        inference server or refuses the key.
        """
        with self._translated():
            info = self._client.model(check=check)
        return ModelIdentity(name=info.name, version=info.version)

    def classify(self, texts: Sequence[str], *, check: Check | None = None) -> list[Classification]:
        """Return one classification per text; see EmotionClient."""
        if not texts:
            return []
        with self._translated():
            answers = self._client.classify(texts, request_id=self._trace_id(), check=check)
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
        except InferenceFailedError as exc:
            raise InferenceUnavailableError(
                f"The inference server at {self._address} failed: {exc}. Its log says why."
            ) from exc
        except InferenceRetryableError as exc:
            raise InferenceUnavailableError(
                f"The inference server at {self._address} did not answer ({exc}). Start it with"
                " `make serve`, or set INFERENCE_URL to where it runs."
            ) from exc
        except InferenceError as exc:
            raise InferenceRejectedError(
                f"The inference server at {self._address} refused the request or answered what"
                f" cannot be read: {exc}. Check that INFERENCE_URL names an inference server of"
                " this version, and the key if it asks for one."
            ) from exc


def _fault_of(answer: Answer) -> str | None:
    """Return what is wrong with an answer, to follow on "the answer ...", or None."""
    if set(answer.scores) != set(EMOTIONS):
        return f"scores other emotions than {', '.join(EMOTIONS)}"
    if not math.isclose(sum(answer.scores.values()), 1.0, abs_tol=_SUM_TOLERANCE):
        return "has scores that do not sum to 1"
    return None
