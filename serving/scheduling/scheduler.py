"""The lanes: threads that classify whatever waits, in groups of like length.

A lane that is free takes the text that has waited longest and what fits beside it, of all
requests alike, and answers as soon as the group is done: batches are as large as the load makes
them, nothing waits for a batch to fill, and no lane waits for another. Texts are encoded by the
lanes too, so tokenising goes on beside the model's runs.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.classifier.batching import RunReport, Sizing
from serving.classifier.tokenizer import Encoded
from serving.errors import ClassificationError
from serving.scheduling.jobs import Job
from serving.scheduling.queue import WaitingText, WaitingTexts
from serving.schemas import Classification

logger = logging.getLogger(__name__)

ENCODED_AT_ONCE = 64
"""Texts of one request that a lane encodes before it looks again at what else waits."""

Outcome = Classification | ClassificationError


class Stages(Protocol):
    """Do the work of a lane; EmotionClassifier does. Failures come back as values."""

    @property
    def lanes(self) -> int:
        """Return how many runs make progress at a time."""
        ...

    def encode_each(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        """Return the tokens of each text."""
        ...

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        """Classify texts in one run."""
        ...


class LaneObserver(Protocol):
    """Be told what lanes do; called from their threads."""

    def waited(self, seconds: float) -> None:
        """Hear how long a request has waited for the first of its texts to be run."""
        ...

    def tokenised(self, failed: int, seconds: float) -> None:
        """Hear how long it took to encode some texts, and how many of them could not be."""
        ...

    def ran(self, report: RunReport) -> None:
        """Hear what a run cost."""
        ...


@dataclass(slots=True)
class _Raw:
    """Hold a job whose texts from `start` on are not encoded yet."""

    job: Job
    since: float
    start: int = 0


class Lanes:
    """Run jobs on as many threads as the model has lanes; threads start with the first job."""

    def __init__(
        self,
        stages: Stages,
        observer: LaneObserver,
        sizing: Sizing | None = None,
    ) -> None:
        """Take the stages of the work, and the bounds of a group (default: the CPU's)."""
        self._stages = stages
        self._observer = observer
        self._changed = threading.Condition()
        self._raw: deque[_Raw] = deque()
        self._waiting = WaitingTexts(sizing or Sizing())
        self._busy = 0
        self._closed = False
        self._threads: list[threading.Thread] = []

    def submit(self, job: Job) -> None:
        """Take a job; returns at once."""
        with self._changed:
            self._raw.append(_Raw(job, time.monotonic()))
            self._changed.notify()
            if not self._threads:
                self._start()

    def drop(self, job: Job) -> None:
        """Forget what has not begun of a job; what runs is settled when it is done."""
        with self._changed:
            job.dropped = True
            forgotten = sum(len(job.texts) - raw.start for raw in self._raw if raw.job is job)
            self._raw = deque(raw for raw in self._raw if raw.job is not job)
            forgotten += self._waiting.forget(job)
        job.give_up(forgotten)

    def close(self) -> None:
        """Let runs in progress end, start none, and give the threads back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        for number in range(self._stages.lanes):
            thread = threading.Thread(target=self._work, name=f"lane-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        """Encode what is new, else run what waits, until the lanes are closed."""
        while True:
            with self._changed:
                while not (self._raw or self._waiting or self._closed):
                    self._changed.wait()
                if self._closed:
                    return
                new = self._next_raw()
                # Lanes that have nothing to do get their share of what waits.
                free = self._stages.lanes - self._busy
                group = [] if new else self._waiting.take_group(free)
                self._busy += 1
            if new:
                self._encode(*new)
            else:
                self._run(group)
            with self._changed:
                self._busy -= 1

    def _next_raw(self) -> tuple[_Raw, int, int] | None:
        """Return the job next to be encoded, and from which of its texts to which."""
        if not self._raw:
            return None
        raw = self._raw[0]
        start, raw.start = raw.start, min(raw.start + ENCODED_AT_ONCE, len(raw.job.texts))
        if raw.start == len(raw.job.texts):
            self._raw.popleft()
        return raw, start, raw.start

    def _encode(self, raw: _Raw, start: int, end: int) -> None:
        """Encode some texts of a job and let them wait for a run."""
        began = time.monotonic()
        encoded = self._stages.encode_each(raw.job.texts[start:end])
        failed = [
            (place, None)
            for place, text in enumerate(encoded, start)
            if isinstance(text, ClassificationError)
        ]
        self._observer.tokenised(len(failed), time.monotonic() - began)
        with self._changed:
            dropped = raw.job.dropped
            for place, text in enumerate(encoded, start):
                if not dropped and isinstance(text, Encoded):
                    self._waiting.add(raw.job, place, text, raw.since)
            if len(encoded) > 1:
                self._changed.notify_all()
        loop = raw.job.finished.get_loop()
        if failed:
            loop.call_soon_threadsafe(raw.job.settle, failed)
        if dropped:
            loop.call_soon_threadsafe(raw.job.give_up, len(encoded) - len(failed))

    def _run(self, group: Sequence[WaitingText]) -> None:
        """Classify a group and settle its texts with their jobs."""
        began = time.monotonic()
        for text in group:
            if not text.job.began:
                text.job.began = True
                self._observer.waited(began - text.since)
        outcomes = self._stages.run_each([text.encoded for text in group])
        done: defaultdict[Job, list[tuple[int, bytes | None]]] = defaultdict(list)
        for text, outcome in zip(group, outcomes, strict=True):
            done[text.job].append((text.place, _item(outcome)))
        group[0].job.finished.get_loop().call_soon_threadsafe(_settle, done)
        lengths = [len(text.encoded.ids) for text in group]
        self._observer.ran(
            RunReport(
                texts=len(group),
                failed=sum(isinstance(outcome, ClassificationError) for outcome in outcomes),
                tokens=sum(lengths),
                padded_tokens=len(group) * max(lengths),
                seconds=time.monotonic() - began,
            )
        )


def _item(outcome: Outcome) -> bytes | None:
    """Return the JSON object of a classification, None for a text that failed."""
    if isinstance(outcome, ClassificationError):
        return None
    return json.dumps(outcome.to_wire()).encode()


def _settle(done: Mapping[Job, Sequence[tuple[int, bytes | None]]]) -> None:
    for job, items in done.items():
        job.settle(items)
