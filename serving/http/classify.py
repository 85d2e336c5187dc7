"""Answer one classification request: key, type, body, turn, run, deadline, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from serving.errors import DeadlineExceededError, Fault, UnexpectedError, UnsupportedMediaError
from serving.http.asgi import JSON_TYPE, Answer, ClientGoneError, Receive, Scope, header, read_body
from serving.http.protocols.native import WireProtocol
from serving.scheduling.queue import Admission, QueuedRequest
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import Scheduler
from serving.schemas import Limits

BINARY_TENSORS = "inference-header-content-length"
"""The header that says, in the Open Inference Protocol's binary extension, where JSON ends."""


class ClassifyCall:
    """Take requests from the wire to the scheduler and back.

    A request whose deadline passes, or whose client leaves, gives up what has not begun. What
    runs is finished: other requests' texts run with it, and it counts as held until then.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        admission: Admission,
        cache: ResultCache,
        limits: Limits,
        clock: Callable[[], float],
        deadline_seconds: float,
    ) -> None:
        """Take what classifies, and what may pass to it."""
        self._scheduler = scheduler
        self._admission = admission
        self._cache = cache
        self._limits = limits
        self._clock = clock
        self._deadline_seconds = deadline_seconds

    async def answer(
        self, scope: Scope, receive: Receive, protocol: WireProtocol
    ) -> tuple[Answer, int]:
        """Return the answer, worded as `protocol` words it, and how many texts were classified.

        Raises the RequestErrors of the contract, and ClientGoneError.
        """
        ends = self._clock() + self._deadline_seconds
        _check_type(scope, protocol)
        self._admission.check_room()  # before the body is read, which costs more than saying no
        try:
            async with asyncio.timeout(self._deadline_seconds):
                body = await read_body(scope, receive, self._limits.body_bytes)
        except TimeoutError as exc:
            raise self._too_late() from exc
        asked = protocol.read(body, self._limits)
        classified = await self.classify(asked.texts, receive, ends - self._clock())
        return Answer(200, asked.worded(classified)), len(asked.texts)

    async def classify(self, texts: Sequence[str], receive: Receive, seconds: float) -> bytes:
        """Return the array of classifications as JSON, of texts known already without a wait."""
        found = self._cache.look_up(texts)
        items = found.items
        if found.missing:
            items = self._cache.fill(found, await self._run(found.missing, receive, seconds))
        whole = [item for item in items if item is not None]
        if len(whole) < len(items):
            places = [place for place, item in enumerate(items) if item is None]
            raise UnexpectedError(
                "A text could not be classified; the others of the request can.",
                [Fault(f"/texts/{place}", "could not be classified") for place in places],
            )
        return b"[%b]" % b", ".join(whole)

    async def _run(
        self, texts: Sequence[str], receive: Receive, seconds: float
    ) -> list[bytes | None]:
        """Return the items of `texts`, unless the deadline or the client's leaving comes first."""
        request = QueuedRequest(texts, self._admission.reserve(len(texts)).release)
        self._scheduler.submit(request)
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: _fail(request, ClientGoneError()))
        late = asyncio.get_running_loop().call_later(
            max(0.0, seconds), lambda: _fail(request, self._too_late())
        )
        try:
            return await request.finished
        except BaseException:
            self._scheduler.drop(request)
            raise
        finally:
            late.cancel()
            gone.cancel()

    def _too_late(self) -> DeadlineExceededError:
        detail = f"There was no answer within {self._deadline_seconds:g} seconds."
        return DeadlineExceededError(detail, self._admission.retry_after())


def _fail(request: QueuedRequest, error: Exception) -> None:
    """End the wait for a request, unless it has ended."""
    if not request.finished.done():
        request.finished.set_exception(error)


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
