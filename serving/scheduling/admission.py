"""Who may wait: admission counted in texts, and how long what is admitted will take.

BentoML counts requests and its queue has no bound, so texts are counted here, by the same rule
for a request of one text and of many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from serving.errors import BusyError

LONGEST_RETRY_AFTER = 30
SMOOTHING = 0.3
MEASURED_SECONDS = 0.5


class QueueObserver(Protocol):
    """Be told how full a queue is."""

    def held(self, texts: int, oldest_seconds: float) -> None:
        """Hear how many texts wait or run now, and for how long the oldest request has."""
        ...


class Place:
    """Hold a request's place in the queue, until `done` has been told of all its texts."""

    __slots__ = ("_queue", "left", "since")

    def __init__(self, queue: TextQueue, texts: int, since: float) -> None:
        """Be made by `TextQueue.take`."""
        self._queue = queue
        self.left = texts
        self.since = since

    def done(self, texts: int) -> None:
        """Give so many texts' room back."""
        self._queue.done(self, texts)


class TextQueue:
    """Count the texts that wait or run; for one event loop."""

    def __init__(self, limit: int, clock: Callable[[], float], observer: QueueObserver) -> None:
        """Allow `limit` texts; `clock` is in seconds and never goes back."""
        self._limit = limit
        self._clock = clock
        self._observer = observer
        self._places: dict[Place, None] = {}
        self._held = 0
        self._done_texts = 0
        self._measured_since = 0.0
        self._texts_per_second = 0.0

    @property
    def texts(self) -> int:
        """Return how many texts wait or run."""
        return self._held

    def observe(self) -> None:
        """Tell the observer how full the queue is now."""
        oldest = next(iter(self._places), None)
        age = 0.0 if oldest is None else self._clock() - oldest.since
        self._observer.held(self._held, age)

    def check_room(self, texts: int = 1) -> None:
        """Raise BusyError when there is no room for so many texts."""
        if self._held + texts > self._limit:
            detail = f"{self._held} texts are waiting already, the limit is {self._limit}."
            raise BusyError(detail, self.retry_after())

    def take(self, texts: int) -> Place:
        """Count `texts` as held and return their place; BusyError when they are too many."""
        self.check_room(texts)
        now = self._clock()
        if not self._held:  # time without work says nothing about how fast work is done
            self._done_texts, self._measured_since = 0, now
        place = Place(self, texts, now)
        self._places[place] = None
        self._held += texts
        self.observe()
        return place

    def done(self, place: Place, texts: int) -> None:
        """Count texts of a place as done with."""
        place.left -= texts
        if not place.left:
            del self._places[place]
        self._held -= texts
        self._done_texts += texts
        self._measure()
        self.observe()

    def retry_after(self) -> int:
        """Return the whole seconds that the texts held now will take, 1 to 30."""
        if not self._texts_per_second:
            return 1
        seconds = math.ceil(self._held / self._texts_per_second)
        return max(1, min(LONGEST_RETRY_AFTER, seconds))

    def _measure(self) -> None:
        """Follow the rate at which texts are done, as a moving average."""
        elapsed = self._clock() - self._measured_since
        if elapsed < MEASURED_SECONDS:
            return
        rate = self._done_texts / elapsed
        if self._texts_per_second:
            rate = self._texts_per_second + SMOOTHING * (rate - self._texts_per_second)
        self._texts_per_second = rate
        self._done_texts, self._measured_since = 0, self._clock()
