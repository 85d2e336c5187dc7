"""The queue: which requests are admitted, and which queued texts form the next batch.

Admission counts texts, by the same rule for a request of one text and of many: BentoML counts
requests, and its queue has no bound. No thread here; admission belongs to one event loop, the
queue of encoded texts is guarded by the scheduler.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from serving.classifier.batching import Sizing
from serving.classifier.tokenizer import Encoded
from serving.errors import BusyError

LONGEST_RETRY_AFTER = 30
SMOOTHING = 0.3
MEASURED_SECONDS = 0.5


class AdmissionObserver(Protocol):
    """Metrics of the queue's fill level."""

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        """Record how many texts are queued or running, and the age of the oldest request."""
        ...


class Reservation:
    """A request's share of the queue, until all its texts are released."""

    __slots__ = ("_admission", "left", "since")

    def __init__(self, admission: Admission, texts: int, since: float) -> None:
        self._admission = admission
        self.left = texts
        self.since = since

    def release(self, texts: int) -> None:
        """Release the room of so many texts, which are done or dropped."""
        self._admission.release(self, texts)


class Admission:
    """Counts the texts that are queued or running, and refuses more than a limit."""

    def __init__(self, limit: int, clock: Callable[[], float], observer: AdmissionObserver) -> None:
        """Allow `limit` texts; `clock` is in seconds and never goes back."""
        self._limit = limit
        self._clock = clock
        self._observer = observer
        self._reservations: dict[Reservation, None] = {}
        self.texts = 0
        self._done_texts = 0
        self._measured_since = 0.0
        self._texts_per_second = 0.0

    def observe(self) -> None:
        """Report the fill level to the observer."""
        oldest = next(iter(self._reservations), None)
        age = 0.0 if oldest is None else self._clock() - oldest.since
        self._observer.queue_changed(self.texts, age)

    def check_room(self, texts: int = 1) -> None:
        """Raise BusyError when there is no room for so many texts."""
        if self.texts + texts > self._limit:
            detail = f"{self.texts} texts are waiting already, the limit is {self._limit}."
            raise BusyError(detail, self.retry_after())

    def reserve(self, texts: int) -> Reservation:
        """Admit a request of so many texts; BusyError when there is no room for them."""
        self.check_room(texts)
        now = self._clock()
        if not self.texts:  # time without work says nothing about how fast work is done
            self._done_texts, self._measured_since = 0, now
        reservation = Reservation(self, texts, now)
        self._reservations[reservation] = None
        self.texts += texts
        self.observe()
        return reservation

    def release(self, reservation: Reservation, texts: int) -> None:
        """Count texts of a reservation as done."""
        reservation.left -= texts
        if not reservation.left:
            del self._reservations[reservation]
        self.texts -= texts
        self._done_texts += texts
        self._measure()
        self.observe()

    def retry_after(self) -> int:
        """Return the whole seconds that the admitted texts will take, 1 to 30."""
        if not self._texts_per_second:
            return 1
        seconds = math.ceil(self.texts / self._texts_per_second)
        return max(1, min(LONGEST_RETRY_AFTER, seconds))

    def _measure(self) -> None:
        """Update the moving average of texts done per second."""
        elapsed = self._clock() - self._measured_since
        if elapsed < MEASURED_SECONDS:
            return
        rate = self._done_texts / elapsed
        if self._texts_per_second:
            rate = self._texts_per_second + SMOOTHING * (rate - self._texts_per_second)
        self._texts_per_second = rate
        self._done_texts, self._measured_since = 0, self._clock()


class QueuedRequest:
    """The texts of one admitted request and their results so far; belongs to one event loop.

    An item is the JSON object of the contract, or None for a text that could not be
    classified even by itself.
    """

    __slots__ = ("_left", "_release", "began", "dropped", "finished", "items", "texts")

    def __init__(self, texts: Sequence[str], release: Callable[[int], None]) -> None:
        """Queue `texts`; `release` is called with how many of them are done or dropped."""
        self.texts = texts
        self.items: list[bytes | None] = [None] * len(texts)
        self.finished: asyncio.Future[list[bytes | None]]
        self.finished = asyncio.get_running_loop().create_future()
        self.began = False
        self.dropped = False
        self._left = len(texts)
        self._release = release

    def settle(self, done: Iterable[tuple[int, bytes | None]]) -> None:
        """Store items by the index of their text; the last one finishes the request."""
        count = 0
        for index, item in done:
            self.items[index] = item
            count += 1
        self._release(count)
        self._left -= count
        if not self._left and not self.finished.done():
            self.finished.set_result(self.items)

    def give_up(self, texts: int) -> None:
        """Release so many texts that will never run, because the request was dropped."""
        if texts:
            self._release(texts)


@dataclass(frozen=True, slots=True)
class QueuedText:
    """One encoded text at `index` of its request; `number` counts all texts ever queued.

    `since` is when its request was submitted, in seconds.
    """

    request: QueuedRequest
    index: int
    encoded: Encoded
    number: int
    since: float


class EncodedTextQueue:
    """Encoded texts of all requests by their length in tokens, each length first in, first out."""

    def __init__(self, sizing: Sizing) -> None:
        self._sizing = sizing
        self._texts: dict[int, deque[QueuedText]] = {}
        self._numbered = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def add(self, request: QueuedRequest, index: int, encoded: Encoded, since: float) -> None:
        """Queue the text at `index` of a request."""
        text = QueuedText(request, index, encoded, self._numbered, since)
        self._texts.setdefault(len(encoded.ids), deque()).append(text)
        self._numbered += 1

    def remove(self, request: QueuedRequest) -> int:
        """Remove the texts of a request and return how many they were."""
        removed = 0
        for length in list(self._texts):
            texts = self._texts[length]
            kept = deque(text for text in texts if text.request is not request)
            removed += len(texts) - len(kept)
            self._put_back(length, kept)
        return removed

    def take_batch(self, takers: int) -> list[QueuedText]:
        """Take the text that has been queued longest, and texts of similar length with it.

        `takers` is how many runners could take a batch now: none takes more than its share.
        """
        first = min(self._texts, key=lambda length: self._texts[length][0].number)
        end = self._texts[first][0].number + self._sizing.window
        counts = {
            length: sum(1 for _ in takewhile(lambda text: text.number < end, texts))
            for length, texts in self._texts.items()
        }
        share = -(-sum(counts.values()) // takers)
        batch: list[QueuedText] = []
        for length, count in pick_batch(counts, first, share, self._sizing).items():
            texts = self._texts[length]
            batch += (texts.popleft() for _ in range(count))
            self._put_back(length, texts)
        return batch

    def _put_back(self, length: int, texts: deque[QueuedText]) -> None:
        if texts:
            self._texts[length] = texts
        else:
            del self._texts[length]


def pick_batch(queued: Mapping[int, int], first: int, most: int, sizing: Sizing) -> dict[int, int]:
    """Return how many texts of each length to run together with one of length `first`.

    `queued` counts the queued texts by their length in tokens. Lengths nearest to `first` are
    taken first, at most `most` texts in all, within the bounds of `sizing`; a text of
    length `first` is always among them.
    """
    picked = {first: 1}
    count, shortest, longest = 1, first, first
    for length in sorted(queued, key=lambda length: (abs(length - first), length)):
        low, high = min(shortest, length), max(longest, length)
        if high > sizing.spread * low:
            continue
        room = min(most, sizing.token_budget // high) - count
        taken = min(queued[length] - picked.get(length, 0), room)
        if taken > 0:
            picked[length] = picked.get(length, 0) + taken
            count, shortest, longest = count + taken, low, high
    return picked
