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

    @property
    def format(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...

    @property
    def encoding(self) -> str: ...

    @property
    def date_order(self) -> DateOrder | None: ...

    @property
    def unused_columns(self) -> tuple[str, ...]: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def posts(self) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file in its order, and a RejectedPost for each item left out.

        Of posts that are the same, and of the versions of an edited post, one is yielded.
        Raises UnreadableFileError where the file breaks off, and PayloadTooLargeError where it
        passes a limit of what an import may take; either may come after some posts were yielded.
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
        user_name: str | None = None,
    ) -> PostFile:
        """Recognise a seekable file; file_name and content_type are what the sender declares.

        date_order is the caller's word for a file whose dates do not decide it themselves. Where a
        file has posts by several authors and user_name is one of them, only theirs are read.
        Raises UnsupportedMediaError for a file of another kind, UnreadableFileError for one that
        is broken, holds no posts, or has dates of either order (the detail names rows), and
        PayloadTooLargeError for one that passes a limit of what an import may take.
        """
        ...
