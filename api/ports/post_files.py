"""Ports for reading uploaded files of posts."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from api.domain.posts import Post, RejectedPost


class PostFileReader(Protocol):
    """Reader of one format of uploaded files."""

    @property
    def format(self) -> str:
        """Name of the format, as the answer to an import gives it."""
        ...

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of a seekable file in its order, and a RejectedPost for each bad item.

        Raises UnreadableFileError where the file as a whole is not what it should be, and
        PayloadTooLargeError where what is packed in it passes a limit; either may come after
        some posts were yielded.
        """
        ...


class PostFileReaders(Protocol):
    """Readers of all formats that can be imported."""

    def reader_for(
        self, head: bytes, file_name: str | None, content_type: str | None
    ) -> PostFileReader | None:
        """Return the reader of a file, or None where its format is not read.

        head is how the file begins, some kilobytes of it; file_name and content_type are what the
        sender calls it.
        """
        ...
