"""A reader that yields what a test gives it, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from api.domain.posts import Post, RejectedPost


class FakeReader:
    """Yield items, then raise the error where there is one."""

    def __init__(
        self, items: Sequence[Post | RejectedPost] = (), error: Exception | None = None
    ) -> None:
        self.items = items
        self.error = error

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        yield from self.items
        if self.error:
            raise self.error
