"""Answer one classification request: key, type, body, turn, run, deadline, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from serving.admission import TextQueue
from serving.asgi import JSON_TYPE, Answer, ClientGoneError, Receive, Scope, header, read_body
from serving.errors import DeadlineExceededError, UnsupportedMediaError
from serving.protocols import WireProtocol
from serving.schemas import Limits

Classify = Callable[[Sequence[str]], Awaitable[bytes]]

BINARY_TENSORS = "inference-header-content-length"
"""The header that says, in the Open Inference Protocol's binary extension, where JSON ends."""


class ClassifyCall:
    """Take requests from the wire to the batching server and back.

    A request whose deadline passes, or whose client leaves, gives its turn back while it
    still waits. Once it runs, the batch it is in is finished: others are in it too, and the
    texts count as held until then.
    """

    def __init__(
        self,
        classify: Classify,
        queue: TextQueue,
        limits: Limits,
        clock: Callable[[], float],
        deadline_seconds: float,
    ) -> None:
        """Take the way on (texts to the answer's JSON) and what may pass it."""
        self._classify = classify
        self._queue = queue
        self._limits = limits
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def answer(
        self, scope: Scope, receive: Receive, protocol: WireProtocol
    ) -> tuple[Answer, int]:
        """Return the answer, worded as `protocol` words it, and how many texts were classified.

        Raises the RequestErrors of the contract, and ClientGoneError.
        """
        ends = self._clock() + self._deadline_seconds
        _check_type(scope, protocol)
        self._queue.check_room()  # before the body is read, which costs more than saying no
        try:
            async with asyncio.timeout(self._deadline_seconds):
                body = await read_body(scope, receive, self._limits.body_bytes)
        except TimeoutError as exc:
            raise self._too_late() from exc
        asked = protocol.read(body, self._limits)
        classified = await self._run(asked.texts, receive, ends)
        return Answer(200, asked.worded(classified)), len(asked.texts)

    async def _run(self, texts: Sequence[str], receive: Receive, ends: float) -> bytes:
        """Return the way on's answer, unless the deadline or the client's leaving comes first."""
        turn = asyncio.Event()
        job = asyncio.create_task(self._in_turn(texts, turn))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait(
                (job, gone),
                timeout=max(0.0, ends - self._clock()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if job.done():
                return job.result()
            if gone.done():
                raise ClientGoneError
            raise self._too_late()
        finally:
            gone.cancel()
            if not turn.is_set():
                job.cancel()
            elif not job.done():
                self._unfinished.add(job)
                job.add_done_callback(self._forget)

    async def _in_turn(self, texts: Sequence[str], turn: asyncio.Event) -> bytes:
        """Wait for a turn, say so, and run."""
        with self._queue.place(len(texts)):
            await self._queue.turn(len(texts))
            turn.set()
            try:
                return await self._classify(texts)
            finally:
                self._queue.done(len(texts))

    def _forget(self, job: asyncio.Task[Any]) -> None:
        """Let go of a job that nobody waits for, and of its outcome."""
        self._unfinished.discard(job)
        if not job.cancelled():
            job.exception()

    def _too_late(self) -> DeadlineExceededError:
        detail = f"There was no answer within {self._deadline_seconds:g} seconds."
        return DeadlineExceededError(detail, self._queue.retry_after())


def _check_type(scope: Scope, protocol: WireProtocol) -> None:
    """Raise UnsupportedMediaError unless the body is plain JSON in UTF-8, as its headers say."""
    if header(scope, BINARY_TENSORS) is not None:
        raise UnsupportedMediaError(
            "Binary tensors are not read: send the texts as JSON, in `data` (in tritonclient:"
            " `binary_data=False`)."
        )
    unsaid = JSON_TYPE if protocol.untyped_is_json else ""
    media_type, _, parameters = (header(scope, "content-type") or unsaid).partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != JSON_TYPE or charset not in ("", "charset=utf-8"):
        raise UnsupportedMediaError(f"Send the body with `Content-Type: {JSON_TYPE}`, in UTF-8.")
    if (header(scope, "content-encoding") or "identity").lower() != "identity":
        raise UnsupportedMediaError("Send the body as it is, without a Content-Encoding.")


async def _until_gone(receive: Receive) -> None:
    """Return when the client closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
