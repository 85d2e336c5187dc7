"""The queue: which requests are admitted, and which queued texts form the next batch.

Admission counts texts, by the same rule for a request of one text and of many: BentoML counts
requests, and its queue has no bound. Neither lets one bearer key push the others aside: admission
keeps room for them, and the queue serves keys in turn. No thread here; admission belongs to one
event loop, the queue of encoded texts and the turns are guarded by the scheduler.
"""

from __future__ import annotations

import asyncio
import math
from bisect import insort
from collections import Counter, deque
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

    __slots__ = ("_admission", "key", "left", "since")

    def __init__(self, admission: Admission, texts: int, key: str, since: float) -> None:
        self._admission = admission
        self.key = key
        self.left = texts
        self.since = since

    def release(self, texts: int) -> None:
        """Release the room of so many texts, which are done or dropped."""
        self._admission.release(self, texts)


class Admission:
    """Counts the texts that are queued or running, and refuses more than a limit.

    A key may have that many texts queued at most which stand to the room that is left as `share`
    to 1 - `share`: alone it fills its share of the queue, and each of several less, so that there
    is always room for one more (the dynamic thresholds of Choudhury and Hahne, 1998). A key that
    has nothing queued may use all the room that is left.
    """

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float],
        observer: AdmissionObserver,
        share: float = 1.0,
    ) -> None:
        """Allow `limit` texts, and one key alone `share` of them.

        `clock` is in seconds and never goes back.
        """
        self._limit = limit
        self._share = share
        self._texts_of: Counter[str] = Counter()
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

    def check_room(self, key: str, texts: int = 1) -> None:
        """Raise BusyError when there is no room for so many texts of a key."""
        left = self._limit - self.texts - texts
        if left < 0:
            detail = f"{self.texts} texts are waiting already, the limit is {self._limit}."
            raise BusyError(detail, self.retry_after())
        if self._share == 1:
            return
        own = self._texts_of[key]
        if own and (own + texts) * (1 - self._share) > left * self._share:
            detail = (
                f"{own} texts of your key are waiting already, and other keys need room too: a key"
                f" may fill {self._share:g} of the queue of {self._limit} texts, and less while"
                " others fill it."
            )
            raise BusyError(detail, self.retry_after())

    def reserve(self, texts: int, key: str) -> Reservation:
        """Admit a request of so many texts; BusyError when there is no room for them."""
        self.check_room(key, texts)
        now = self._clock()
        if not self.texts:  # time without work says nothing about how fast work is done
            self._done_texts, self._measured_since = 0, now
        reservation = Reservation(self, texts, key, now)
        self._reservations[reservation] = None
        self.texts += texts
        self._texts_of[key] += texts
        self.observe()
        return reservation

    def release(self, reservation: Reservation, texts: int) -> None:
        """Count texts of a reservation as done."""
        reservation.left -= texts
        if not reservation.left:
            del self._reservations[reservation]
        self.texts -= texts
        self._texts_of[reservation.key] -= texts
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

    `key` is the name of the caller's bearer key. An item is the JSON object of the contract, or
    None for a text that could not be classified even by itself.
    """

    __slots__ = ("_left", "_release", "began", "dropped", "finished", "items", "key", "texts")

    def __init__(self, texts: Sequence[str], release: Callable[[int], None], key: str = "") -> None:
        """Queue `texts`; `release` is called with how many of them are done or dropped."""
        self.texts = texts
        self.key = key
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
    """One encoded text at `index` of its request; `number` is its place in the order of turns.

    `since` is when its request was submitted, in seconds.
    """

    request: QueuedRequest
    index: int
    encoded: Encoded
    number: int
    since: float


class Turns:
    """Numbers texts in the order in which they are due: keys in turn, one text of each.

    The texts of one key are numbered on from its last one, or from the one that is due now if that
    is later, so a key that comes anew is next, however many texts another one has queued
    (self-clocked fair queueing, Golestani 1994). With one key the order is first in, first out.
    """

    def __init__(self) -> None:
        self._due = 0
        self._last: dict[str, int] = {}

    def number(self, key: str, texts: int) -> int:
        """Return the number of the first of so many new texts of a key; the rest follow it."""
        first = max(self._due, self._last.get(key, 0)) + 1
        self._last[key] = first + texts - 1
        return first

    def withdraw(self, key: str, texts: int) -> None:
        """Take back so many texts of a key that will not run."""
        self._last[key] -= texts

    def reached(self, number: int) -> None:
        """Go on: the text with this number runs."""
        self._due = max(self._due, number)


class EncodedTextQueue:
    """Encoded texts of all requests by their length in tokens, each length by their numbers."""

    def __init__(self, sizing: Sizing) -> None:
        self._sizing = sizing
        self._texts: dict[int, deque[QueuedText]] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def add(self, text: QueuedText) -> None:
        """Queue a text."""
        texts = self._texts.setdefault(len(text.encoded.ids), deque())
        if texts and texts[-1].number > text.number:
            insort(texts, text, key=_number)
        else:
            texts.append(text)

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
        """Take the text that is due first, and texts of similar length with it.

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


def _number(text: QueuedText) -> int:
    return text.number


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
