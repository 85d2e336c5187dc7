"""The texts of one request on their way to the lanes and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol


class Job:
    """Gather the classifications of one request's texts; belongs to one event loop.

    An item is the JSON object of the contract, or None for a text that could not be
    classified even by itself.
    """

    __slots__ = ("_left", "_on_done", "began", "dropped", "finished", "items", "texts")

    def __init__(self, texts: Sequence[str], on_done: Callable[[int], None]) -> None:
        """Ask about `texts`; `on_done` hears how many of them are done with, or dropped."""
        self.texts = texts
        self.items: list[bytes | None] = [None] * len(texts)
        self.finished: asyncio.Future[list[bytes | None]]
        self.finished = asyncio.get_running_loop().create_future()
        self.began = False
        self.dropped = False
        self._left = len(texts)
        self._on_done = on_done

    def settle(self, done: Iterable[tuple[int, bytes | None]]) -> None:
        """Take items by the places of their texts; the last of them finishes the job."""
        count = 0
        for place, item in done:
            self.items[place] = item
            count += 1
        self._on_done(count)
        self._left -= count
        if not self._left and not self.finished.done():
            self.finished.set_result(self.items)

    def give_up(self, texts: int) -> None:
        """Hear that so many texts will never run, because the job was dropped."""
        if texts:
            self._on_done(texts)


class JobRunner(Protocol):
    """Run jobs, each settled on its own event loop."""

    def submit(self, job: Job) -> None:
        """Take a job; returns at once."""
        ...

    def drop(self, job: Job) -> None:
        """Forget what has not begun of a job; what runs is settled when it is done."""
        ...
