"""Who may wait, and whose turn it is: admission counted in texts, before BentoML's dispatcher.

That dispatcher counts requests, has no bound, and fits how long it holds a request back to how
long requests have lately waited in its queue: after a burst it held a lone request for seconds.
So texts wait here instead, and go on in cohorts of at most one batch, the next when the last
one is done. The dispatcher then never has a queue, and what waits can still be taken back.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from serving.errors import BusyError

LONGEST_RETRY_AFTER = 30
SMOOTHING = 0.2


class QueueObserver(Protocol):
    """Be told how full a queue is."""

    def held(self, texts: int) -> None:
        """Hear how many texts wait or run now."""
        ...

    def waited(self, seconds: float) -> None:
        """Hear how long a request has waited for its turn."""
        ...


class TextQueue:
    """Hand out turns in order of arrival; for one event loop."""

    def __init__(
        self, limit: int, cohort: int, clock: Callable[[], float], observer: QueueObserver
    ) -> None:
        """Allow `limit` texts to wait or run, and `cohort` of them to run at a time.

        A single request may bring more than a cohort; it then runs alone. `clock` is in
        seconds and never goes back.
        """
        self._limit = limit
        self._cohort = cohort
        self._clock = clock
        self._observer = observer
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._running = 0
        self._held = 0
        self._cohort_texts = 0
        self._cohort_began = 0.0
        self._texts_per_second = 0.0

    @property
    def texts(self) -> int:
        """Return how many texts wait or run."""
        return self._held

    def check_room(self, texts: int = 1) -> None:
        """Raise BusyError when there is no room for so many texts."""
        if self._held + texts > self._limit:
            detail = f"{self._held} texts are waiting already, the limit is {self._limit}."
            raise BusyError(detail, self.retry_after())

    @contextmanager
    def place(self, texts: int) -> Iterator[None]:
        """Count `texts` as held while the block runs; BusyError when they are too many."""
        self.check_room(texts)
        self._hold(texts)
        try:
            yield
        finally:
            self._hold(-texts)

    async def turn(self, texts: int) -> None:
        """Wait until `texts` may run; whoever gets a turn owes a call of `done`.

        A cancelled wait gives its turn to whoever is next.
        """
        began = self._clock()
        if not self._running:
            self._begin()
            self._admit(texts)
            self._observer.waited(0.0)
            return
        coming = asyncio.get_running_loop().create_future()
        self._waiting.append((coming, texts))
        try:
            await coming
        except asyncio.CancelledError:
            if not coming.cancelled():  # the turn had come in the same moment
                self.done(texts)
            raise
        self._observer.waited(self._clock() - began)

    def retry_after(self) -> int:
        """Return the whole seconds that the texts held now will take, 1 to 30."""
        if not self._texts_per_second:
            return 1
        seconds = math.ceil(self._held / self._texts_per_second)
        return max(1, min(LONGEST_RETRY_AFTER, seconds))

    def done(self, texts: int) -> None:
        """Give a turn back; the last of a cohort lets the next cohort in."""
        self._running -= texts
        if self._running:
            return
        self._measure()
        self._begin()
        while self._waiting:
            coming, count = self._waiting[0]
            if not coming.cancelled():
                if self._running and self._running + count > self._cohort:
                    return
                self._admit(count)
                coming.set_result(None)
            self._waiting.popleft()

    def _hold(self, texts: int) -> None:
        self._held += texts
        self._observer.held(self._held)

    def _begin(self) -> None:
        self._cohort_began = self._clock()
        self._cohort_texts = 0

    def _admit(self, texts: int) -> None:
        self._running += texts
        self._cohort_texts += texts

    def _measure(self) -> None:
        """Follow the rate at which texts are done, as a moving average over cohorts."""
        elapsed = self._clock() - self._cohort_began
        if elapsed <= 0:
            return
        rate = self._cohort_texts / elapsed
        if self._texts_per_second:
            self._texts_per_second += SMOOTHING * (rate - self._texts_per_second)
        else:
            self._texts_per_second = rate
