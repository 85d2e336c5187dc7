"""Fake reader of post files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from api.domain.posts import Post, RejectedPost


class FakeReader:
    """Reader that yields the given items, whatever the file holds, then raises the error if any.

    It is also the PostFileReaders that chooses it, unless the file is a zip.
    """

    format = "fake"

    def __init__(
        self, items: Sequence[Post | RejectedPost] = (), error: Exception | None = None
    ) -> None:
        self.items = items
        self.error = error

    def reader_for(self, head: bytes, *_declared: str | None) -> FakeReader | None:
        return None if head.startswith(b"PK") else self

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        yield from self.items
        if self.error:
            raise self.error
