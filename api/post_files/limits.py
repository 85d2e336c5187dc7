"""What one import may take: bytes unpacked, entries of an archive, items, and processor time.

A file that passes a limit is refused as a whole, with words that say which limit and what to do.
Limits are counted while reading: what a file says of its own size is not believed.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from api.errors import PayloadTooLargeError

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""Most bytes that an archive's files may unpack to, all that are read together."""

MAX_RATIO = 100
"""Most unpacked bytes per packed byte: of one file in an archive, and of all that are read."""

MAX_ENTRIES = 100_000
"""Most files in an archive."""

MAX_SCRIPTS = 500
"""Most scripts of posts in an X archive, which until 2018 had one for each month."""

MAX_ITEMS = 1_000_000
"""Most rows or items of an import, whether they can be read or not."""

MAX_SECONDS = 300.0
"""Most processor time of an import: what every other limit lets through ends here."""

# X's scripts shrink to a tenth. A ratio says nothing of a small file, and that harms nobody.
_RATIO_COUNTS_FROM = 1024 * 1024
# Asking for the time is itself work, some microseconds of it.
_ITEMS_PER_LOOK = 64

Item = TypeVar("Item")


class ImportLimits:
    """Count of what one import has taken, which raises PayloadTooLargeError past a limit."""

    def __init__(self, seconds: Callable[[], float] = time.thread_time) -> None:
        """Start to count; seconds is the processor time of this thread.

        Not the time of day: an import must not fail because the machine is busy with others.
        """
        self._seconds = seconds
        self._end = seconds() + MAX_SECONDS
        self._items = 0

    def check_time(self) -> None:
        """Raise PayloadTooLargeError where the import has taken too long."""
        if self._seconds() > self._end:
            raise PayloadTooLargeError(
                f"The file takes more than {MAX_SECONDS:.0f} seconds of processor time to read, so"
                " nothing of it was stored. Send it in parts."
            )

    def timed(self, pieces: Iterator[Item]) -> Iterator[Item]:
        """Yield the pieces of a file, and look at the time before each."""
        for piece in pieces:
            self.check_time()
            yield piece

    def counted(self, each: Callable[[], Iterator[Item]]) -> Callable[[], Iterator[Item]]:
        """Return a function that yields the items of a file; those read again count once."""
        counted = 0

        def within_limits() -> Iterator[Item]:
            nonlocal counted
            for number, item in enumerate(each(), start=1):
                if number > counted:
                    counted = number
                    self._items += 1
                    if self._items > MAX_ITEMS:
                        raise PayloadTooLargeError(
                            f"The file has more than {MAX_ITEMS:,} rows or items, so nothing of it"
                            " was stored. Send it in parts."
                        )
                if number % _ITEMS_PER_LOOK == 0:
                    self.check_time()
                yield item

        return within_limits


class UnpackedBytes:
    """Count of what an archive's files unpack to; a file that is read again counts once."""

    def __init__(self, packed: int, max_bytes: int = MAX_UNPACKED_BYTES) -> None:
        """Start to count for an archive of so many bytes."""
        self._packed = packed
        self._max_bytes = max_bytes
        self._of_file: dict[str, int] = {}
        self._total = 0

    def see(self, name: str, unpacked: int, packed: int) -> None:
        """Note that a file of so many packed bytes has unpacked to so many by now.

        Raises PayloadTooLargeError where it, or all together, pass a limit.
        """
        before = self._of_file.get(name, 0)
        if unpacked > before:
            self._of_file[name] = unpacked
            self._total += unpacked - before
        if self._total > self._max_bytes:
            raise PayloadTooLargeError(
                f"The posts in this archive unpack to more than {self._max_bytes:,} bytes. Unpack"
                " it and send the files with your posts one by one."
            )
        for what, so_many, of in (
            (name, unpacked, packed),
            ("The archive", self._total, self._packed),
        ):
            if so_many > _RATIO_COUNTS_FROM and so_many > of * MAX_RATIO:
                raise PayloadTooLargeError(
                    f"{what} unpacks to more than {MAX_RATIO} times its packed size, as no archive"
                    " of posts does. Unpack it and send the file with your posts."
                )


def check_entries(count: int) -> None:
    """Raise PayloadTooLargeError where an archive has more files than are looked at."""
    if count > MAX_ENTRIES:
        raise PayloadTooLargeError(
            f"The archive has more than {MAX_ENTRIES:,} files. Unpack it and send the file with"
            " your posts, such as tweets.js, by itself."
        )
