"""Progress on standard error: rows, rate and time left."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

LINE_SECONDS = 10.0
"""Between two lines in a log; on a terminal one line is written over, after every window."""


class ProgressLine:
    """Says how far a run is; the rate is that of this run, whatever an earlier one had done."""

    def __init__(
        self,
        stream: TextIO,
        *,
        size: int,
        read: int,
        rows: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at `read` of `size`, with so many rows done already."""
        self._stream = stream
        self._terminal = stream.isatty()
        self._size, self._first_read, self._first_rows = size, read, rows
        self._clock = clock
        self._began = self._shown = clock()

    def show(self, read: int, rows: int, marked: int) -> None:
        """Report the position and the counts, if it is time to."""
        now = self._clock()
        if not self._terminal and now - self._shown < LINE_SECONDS:
            return
        self._shown = now
        seconds = max(now - self._began, 1e-9)
        rate = (rows - self._first_rows) / seconds
        done = read - self._first_read
        left = (self._size - read) / done * seconds if done > 0 else 0.0
        share = read / self._size if self._size else 1.0
        line = (
            f"bulk: {share:.1%}, {rows:,} rows ({marked:,} marked), {rate:,.0f} rows/s,"
            f" {duration(left)} left"
        )
        say(f"\r{line}\x1b[K" if self._terminal else f"{line}\n", self._stream)

    def end(self) -> None:
        """Leave the line that was written over."""
        if self._terminal:
            say("\n", self._stream)

    def rate(self, rows: int) -> float:
        """Return the rows per second of this run."""
        return (rows - self._first_rows) / max(self._clock() - self._began, 1e-9)


def say(text: str, stream: TextIO) -> None:
    """Write to whoever watches the run; if they have gone, it goes on without them."""
    with suppress(OSError):
        stream.write(text)
        stream.flush()


def duration(seconds: float) -> str:
    """Return a time as people say it: 42 s, 5 min 10 s, 3 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
