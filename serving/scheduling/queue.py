"""Encoded texts that wait for a run, of all requests alike; no thread and no clock here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import takewhile

from serving.classifier.batching import Sizing, pick_group
from serving.classifier.tokenizer import Encoded
from serving.scheduling.jobs import Job


@dataclass(frozen=True, slots=True)
class WaitingText:
    """Hold one encoded text; `number` is its place among all that ever came.

    `since` is when its request came, in seconds.
    """

    job: Job
    place: int
    encoded: Encoded
    number: int
    since: float


class WaitingTexts:
    """Keep texts by their length in tokens, each length in order of arrival."""

    def __init__(self, sizing: Sizing) -> None:
        """Take the bounds of a group."""
        self._sizing = sizing
        self._texts: dict[int, deque[WaitingText]] = {}
        self._numbered = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def add(self, job: Job, place: int, encoded: Encoded, since: float) -> None:
        """Let the text at `place` of a job wait."""
        text = WaitingText(job, place, encoded, self._numbered, since)
        self._texts.setdefault(len(encoded.ids), deque()).append(text)
        self._numbered += 1

    def forget(self, job: Job) -> int:
        """Drop the texts of a job and return how many they were."""
        forgotten = 0
        for length in list(self._texts):
            texts = self._texts[length]
            kept = deque(text for text in texts if text.job is not job)
            forgotten += len(texts) - len(kept)
            self._keep(length, kept)
        return forgotten

    def take_group(self, takers: int) -> list[WaitingText]:
        """Take the text that has waited longest, and those that run well beside it.

        `takers` is how many could take a group now: none takes more than its share.
        """
        first = min(self._texts, key=lambda length: self._texts[length][0].number)
        end = self._texts[first][0].number + self._sizing.window
        counts = {
            length: sum(1 for _ in takewhile(lambda text: text.number < end, texts))
            for length, texts in self._texts.items()
        }
        share = -(-sum(counts.values()) // takers)
        group: list[WaitingText] = []
        for length, count in pick_group(
            counts, first, share, self._sizing.token_budget, self._sizing.spread
        ).items():
            texts = self._texts[length]
            group += (texts.popleft() for _ in range(count))
            self._keep(length, texts)
        return group

    def _keep(self, length: int, texts: deque[WaitingText]) -> None:
        if texts:
            self._texts[length] = texts
        else:
            del self._texts[length]
