"""Name what reads uploaded files of posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from api.domain.posts import Post, RejectedPost


class PostFileReader(Protocol):
    """Read posts out of an uploaded file."""

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of a seekable file in its order, and a RejectedPost for each bad item.

        Raises UnreadableFileError where the file as a whole is not what it should be, and
        PayloadTooLargeError where what is packed in it passes the cap; either may come after
        some posts were yielded.
        """
        ...
