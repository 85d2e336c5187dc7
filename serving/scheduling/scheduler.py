"""The scheduler: runner threads that classify the queued texts in batches of similar length.

Continuous batching: a free runner takes the text that is due first (the one that has been queued
longest; keys take turns) and texts that fit with it, whichever request they belong to, and settles
them as soon as the batch is done. Batches
are as large as the load makes them, nothing waits for a batch to fill, and no runner waits for
another. Runners encode texts too, so tokenising overlaps with the model's runs.
"""

from __future__ import annotations

import json
import threading
import time
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.classifier.batching import Sizing
from serving.classifier.tokenizer import Encoded
from serving.errors import ClassificationError
from serving.scheduling.queue import EncodedTextQueue, QueuedRequest, QueuedText, Turns
from serving.schemas import Classification

ENCODED_AT_ONCE = 64
"""Texts of one request that a runner encodes before it looks at the queue again."""

Outcome = Classification | ClassificationError


@dataclass(frozen=True, slots=True)
class RunReport:
    """Cost of one run: `padded_tokens` were computed, `tokens` of them were text."""

    texts: int
    failed: int
    tokens: int
    padded_tokens: int
    seconds: float

    @classmethod
    def of(cls, texts: Sequence[Encoded], outcomes: Sequence[Outcome], seconds: float) -> RunReport:
        """Return the report of a run of `texts`."""
        lengths = [len(text.ids) for text in texts]
        return cls(
            texts=len(texts),
            failed=sum(isinstance(outcome, ClassificationError) for outcome in outcomes),
            tokens=sum(lengths),
            padded_tokens=len(lengths) * max(lengths),
            seconds=seconds,
        )


class Stages(Protocol):
    """The work of `runners` threads, done by EmotionClassifier. Failures are returned as values."""

    runners: int

    def encode_each(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        """Return the tokens of each text."""
        ...

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        """Classify texts in one run."""
        ...


class SchedulerObserver(Protocol):
    """Metrics of the scheduler; called from the runner threads."""

    def first_run(self, queued_seconds: float) -> None:
        """Record how long a request was queued before the first of its texts ran."""
        ...

    def encoded(self, failed: int, seconds: float) -> None:
        """Record how long it took to encode some texts, and how many of them failed."""
        ...

    def ran(self, report: RunReport) -> None:
        """Record the cost of a run."""
        ...


class Scheduler(Protocol):
    """Decides when the texts of admitted requests run; settles each on its own event loop."""

    def submit(self, request: QueuedRequest) -> None:
        """Queue a request; returns at once."""
        ...

    def drop(self, request: QueuedRequest) -> None:
        """Remove a request's queued texts; running ones are settled when they are done."""
        ...

    def close(self) -> None:
        """Start no more runs, wait for running batches, and end the threads."""
        ...


@dataclass(slots=True)
class _Unencoded:
    """A request whose texts from index `start` on are not encoded yet.

    `number` is that of its first text in the order of turns.
    """

    request: QueuedRequest
    since: float
    number: int
    start: int = 0


class ContinuousScheduler:
    """Runs requests on as many threads as the model has runners, started with the first one."""

    def __init__(
        self, stages: Stages, observer: SchedulerObserver, sizing: Sizing | None = None
    ) -> None:
        """Take the stages of the work, and the bounds of a batch (default: the CPU's)."""
        self._stages = stages
        self._observer = observer
        self._changed = threading.Condition()
        self._unencoded: deque[_Unencoded] = deque()
        self._queue = EncodedTextQueue(sizing or Sizing())
        self._turns = Turns()
        self._busy = 0
        self._closed = False
        self._threads: list[threading.Thread] = []

    def submit(self, request: QueuedRequest) -> None:
        with self._changed:
            number = self._turns.number(request.key, len(request.texts))
            self._put(_Unencoded(request, time.monotonic(), number))
            self._changed.notify()
            if not self._threads:
                for number in range(self._stages.runners):
                    name = f"runner-{number}"
                    thread = threading.Thread(target=self._work, name=name, daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def drop(self, request: QueuedRequest) -> None:
        with self._changed:
            request.dropped = True
            removed = sum(
                len(request.texts) - entry.start
                for entry in self._unencoded
                if entry.request is request
            )
            self._unencoded = deque(
                entry for entry in self._unencoded if entry.request is not request
            )
            removed += self._queue.remove(request)
            self._turns.withdraw(request.key, removed)
        request.give_up(removed)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        """Encode new texts, else run queued ones, until the scheduler is closed."""
        while True:
            with self._changed:
                while not (self._unencoded or self._queue or self._closed):
                    self._changed.wait()
                if self._closed:
                    return
                new = self._next_unencoded()
                # Idle runners get their share of what is queued.
                free = self._stages.runners - self._busy
                batch = [] if new else self._queue.take_batch(free)
                if batch:
                    self._turns.reached(batch[0].number)
                self._busy += 1
            if new:
                self._encode(*new)
            else:
                self._run(batch)
            with self._changed:
                self._busy -= 1

    def _next_unencoded(self) -> tuple[_Unencoded, int, int] | None:
        """Return the request to encode next, and the range of its texts."""
        if not self._unencoded:
            return None
        entry = self._unencoded.popleft()
        texts = len(entry.request.texts)
        start, entry.start = entry.start, min(entry.start + ENCODED_AT_ONCE, texts)
        if entry.start < texts:
            self._put(entry)
        return entry, start, entry.start

    def _put(self, entry: _Unencoded) -> None:
        """Put a request among those that are not encoded, in the order in which they are due."""
        if self._unencoded and _due(self._unencoded[-1]) > _due(entry):
            insort(self._unencoded, entry, key=_due)
        else:
            self._unencoded.append(entry)

    def _encode(self, entry: _Unencoded, start: int, end: int) -> None:
        """Encode some texts of a request and queue them for a run."""
        began = time.monotonic()
        request = entry.request
        encoded = self._stages.encode_each(request.texts[start:end])
        failed = [
            (index, None)
            for index, text in enumerate(encoded, start)
            if isinstance(text, ClassificationError)
        ]
        self._observer.encoded(len(failed), time.monotonic() - began)
        with self._changed:
            dropped = request.dropped
            if dropped:
                self._turns.withdraw(request.key, len(encoded))
            for index, text in enumerate(encoded, start):
                if not dropped and isinstance(text, Encoded):
                    number = entry.number + index
                    self._queue.add(QueuedText(request, index, text, number, entry.since))
            if len(encoded) > 1:
                self._changed.notify_all()
        loop = request.finished.get_loop()
        if failed:
            loop.call_soon_threadsafe(request.settle, failed)
        if dropped:
            loop.call_soon_threadsafe(request.give_up, len(encoded) - len(failed))

    def _run(self, batch: Sequence[QueuedText]) -> None:
        """Classify a batch and settle its texts with their requests."""
        began = time.monotonic()
        for text in batch:
            if not text.request.began:
                text.request.began = True
                self._observer.first_run(began - text.since)
        encoded = [text.encoded for text in batch]
        outcomes = self._stages.run_each(encoded)
        done: defaultdict[QueuedRequest, list[tuple[int, bytes | None]]] = defaultdict(list)
        for text, outcome in zip(batch, outcomes, strict=True):
            done[text.request].append((text.index, _item(outcome)))
        batch[0].request.finished.get_loop().call_soon_threadsafe(_settle, done)
        self._observer.ran(RunReport.of(encoded, outcomes, time.monotonic() - began))


def _due(entry: _Unencoded) -> int:
    """Return the number of the request's first text that is not encoded."""
    return entry.number + entry.start


def _item(outcome: Outcome) -> bytes | None:
    """Return the JSON object of a classification, None for a text that failed."""
    if isinstance(outcome, ClassificationError):
        return None
    return json.dumps(outcome.to_wire()).encode()


def _settle(done: Mapping[QueuedRequest, Sequence[tuple[int, bytes | None]]]) -> None:
    for request, items in done.items():
        request.settle(items)
