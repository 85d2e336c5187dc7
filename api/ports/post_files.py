"""Ports for reading uploaded files of posts."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import Post, RejectedPost


class PostFile(Protocol):
    """An uploaded file whose dialect is known.

    format is the kind of file ("csv", "jsonl", "archive"), encoding that of its text, date_order
    the order taken for its dates (None where no date needed one), unused_columns the columns or
    keys that no post was made of, notes what else people should know ("data/like.js is not read:
    ...").
    """

    format: str
    dialect: Dialect
    encoding: str
    date_order: DateOrder | None
    unused_columns: tuple[str, ...]
    notes: tuple[str, ...]

    def posts(self) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file in its order, and a RejectedPost for each item left out.

        Of posts that are the same, and of the versions of an edited post, one is yielded.
        Raises UnreadableFileError where the file breaks off, and PayloadTooLargeError where what is
        packed in it passes a limit; either may come after some posts were yielded.
        """
        ...


class PostFiles(Protocol):
    """The dialects that can be read."""

    def dialects(self) -> tuple[Dialect, ...]:
        """Return every dialect, in the order that people should see."""
        ...

    def open(
        self,
        file: BinaryIO,
        file_name: str | None,
        content_type: str | None,
        date_order: DateOrder | None,
    ) -> PostFile:
        """Recognise a seekable file; file_name and content_type are what the sender declares.

        date_order is the caller's word for a file whose dates do not decide it themselves.
        Raises UnsupportedMediaError for a file of another kind, UnreadableFileError for one that
        is broken, holds no posts, or has dates of either order (the detail names rows).
        """
        ...


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
