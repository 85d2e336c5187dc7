"""Answer one classification request: headers, room in the queue, body, cache, run, deadline."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from serving.errors import DeadlineExceededError, Fault, PayloadTooLargeError, UnexpectedError
from serving.http.content_encoding import unpacker
from serving.http.messages import Answer, ClientGoneError, Receive, Request, WireProtocol
from serving.http.windows import WindowCutter, averaged
from serving.scheduling.queue import Admission, QueuedRequest
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import Scheduler
from serving.schemas import Limits

DRAIN_FACTOR = 4


@dataclass(frozen=True, slots=True)
class ClassifyCall:
    """The way of a request's texts to the scheduler and back.

    A request whose deadline passes, or whose client leaves, gives up what has not begun. What
    runs is finished: other requests' texts run with it, and it counts as queued until then.
    `clock` is in seconds and never goes back.
    """

    scheduler: Scheduler
    admission: Admission
    cache: ResultCache
    limits: Limits
    clock: Callable[[], float]
    deadline_seconds: float
    windows: WindowCutter

    async def answer(self, request: Request, protocol: WireProtocol) -> Answer:
        """Return the answer in the words of `protocol`, and count the texts in the request.

        Raises the RequestErrors of the contract, and ClientGoneError.
        """
        ends = self.clock() + self.deadline_seconds
        protocol.check_headers(request.headers)
        self.admission.check_room(
            request.key
        )  # before the body is read, which costs more than refusing
        asked = protocol.read(await self.body_of(request), self.limits, request.headers)
        classify = self._classify_windows if asked.windows else self.classify
        seconds = ends - self.clock()
        classified = await classify(asked.texts, request.receive, seconds, request.key)
        answer = asked.worded(classified)
        request.texts = len(asked.texts)
        return answer

    async def body_of(self, request: Request) -> bytes:
        """Return a request's body, unpacked; DeadlineExceededError, and what read_body raises."""
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await read_body(request.headers, request.receive, self.limits.body_bytes)
        except TimeoutError as exc:
            raise self._too_late() from exc

    async def classify(
        self, texts: Sequence[str], receive: Receive, seconds: float, key: str
    ) -> bytes:
        """Return the array of classifications as JSON; cached texts need no run."""
        return _array(await self._items(texts, receive, seconds, key))

    async def _classify_windows(
        self, texts: Sequence[str], receive: Receive, seconds: float, key: str
    ) -> bytes:
        """Return the same for whole texts: every window is queued and counted as a text is."""
        ends = self.clock() + seconds
        try:
            async with asyncio.timeout(seconds):
                windows = await self.windows.cut(texts)
        except TimeoutError as exc:
            raise self._too_late() from exc
        flat = [window for text in windows for window in text]
        items = iter(await self._items(flat, receive, ends - self.clock(), key))
        return _array([averaged([next(items) for _ in text]) for text in windows])

    async def _items(
        self, texts: Sequence[str], receive: Receive, seconds: float, key: str
    ) -> Sequence[bytes | None]:
        """Return the JSON object of each text, None for a text that cannot be classified."""
        found = self.cache.look_up(texts)
        if not found.missing:
            return found.items
        return self.cache.fill(found, await self._run(found.missing, receive, seconds, key))

    async def _run(
        self, texts: Sequence[str], receive: Receive, seconds: float, key: str
    ) -> list[bytes | None]:
        """Return the items of `texts`, unless the deadline or the client's leaving comes first."""
        queued = QueuedRequest(texts, self.admission.reserve(len(texts), key).release, key)
        self.scheduler.submit(queued)
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: _fail(queued, ClientGoneError()))
        late = asyncio.get_running_loop().call_later(
            max(0.0, seconds), lambda: _fail(queued, self._too_late())
        )
        try:
            return await queued.finished
        except BaseException:
            self.scheduler.drop(queued)
            raise
        finally:
            late.cancel()
            gone.cancel()

    def _too_late(self) -> DeadlineExceededError:
        detail = f"There was no answer within {self.deadline_seconds:g} seconds."
        return DeadlineExceededError(detail, self.admission.retry_after())


def _array(items: Sequence[bytes | None]) -> bytes:
    """Return the JSON array of the items; UnexpectedError, naming them, where some are None."""
    whole = [item for item in items if item is not None]
    if len(whole) < len(items):
        failed = [index for index, item in enumerate(items) if item is None]
        raise UnexpectedError(
            "A text could not be classified; the others of the request can.",
            [Fault(f"/texts/{index}", "could not be classified") for index in failed],
        )
    return b"[%b]" % b", ".join(whole)


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """Return the request's body, unpacked where it is packed, at most `limit` bytes.

    Raises PayloadTooLargeError when there are more, and what `unpacker` and its function raise.
    What is over the limit is read first, up to DRAIN_FACTOR times the limit, because a client
    that is still sending would see a reset connection instead of the answer. Raises
    ClientGoneError when the client leaves.
    """
    detail = f"The body is over the limit of {limit} bytes."
    unpack = unpacker(headers)
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > DRAIN_FACTOR * limit:
        raise PayloadTooLargeError(detail, unread=True)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > DRAIN_FACTOR * limit:
            raise PayloadTooLargeError(detail, unread=True)
        if size > limit:
            chunks.clear()
        else:
            chunks.append(chunk)
    if size > limit:
        raise PayloadTooLargeError(detail)
    return unpack(b"".join(chunks), limit)


async def _until_gone(receive: Receive) -> None:
    """Return when the client closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _fail(queued: QueuedRequest, error: Exception) -> None:
    """End the wait for a request, unless it has ended."""
    if not queued.finished.done():
        queued.finished.set_exception(error)
