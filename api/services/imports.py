"""Import posts from an uploaded file: all that can be read of it, or nothing where it is broken."""

import logging
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from api.domain.posts import Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError, UnsupportedMediaError
from api.ports.clock import Clock
from api.ports.post_files import PostFileReader, PostFileReaders
from api.ports.store import SavedPosts, Store
from api.services.users import valid_user_id

_log = logging.getLogger(__name__)

_REASONS_KEPT = 100
_LOGGED_EVERY = 10_000
_IN_MEMORY_BYTES = 1024**2
_COPY_BYTES = 256 * 1024
_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file with the name and type that its sender declares."""

    stream: BinaryIO
    file_name: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import: saved posts, skipped items, and the first 100 reasons for skipping."""

    saved: SavedPosts
    skipped: int
    skipped_reasons: tuple[RejectedPost, ...]
    total: int
    format: str


class _AcceptedPosts:
    """The posts among what a reader yields; counts the rejected items and keeps their reasons."""

    def __init__(self, items: Iterator[Post | RejectedPost]) -> None:
        self._items = items
        self.skipped = 0
        self.reasons: list[RejectedPost] = []

    def __iter__(self) -> Iterator[Post]:
        for number, item in enumerate(self._items, start=1):
            if number % _LOGGED_EVERY == 0:
                _log.info("importing", extra={"posts": number})
            if isinstance(item, Post):
                yield item
                continue
            self.skipped += 1
            if len(self.reasons) < _REASONS_KEPT:
                self.reasons.append(item)


@dataclass(frozen=True, slots=True)
class Imports:
    """Use case: import files of posts."""

    store: Store
    readers: PostFileReaders
    clock: Clock
    max_bytes: int

    def import_posts(self, user_name: str, upload: Upload) -> ImportReport:
        """Save the posts of a file in one transaction and report on them.

        Raises InvalidRequestError for a bad user name, UnsupportedMediaError for a format that is
        not read, UnreadableFileError for a broken file, PayloadTooLargeError. Then nothing of the
        file is saved.
        """
        user_id = valid_user_id(user_name)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spooled:
            file = cast(BinaryIO, spooled)
            self._receive(upload.stream, file)
            head = file.read(_HEAD_BYTES)
            reader = self.readers.reader_for(head, upload.file_name, upload.content_type)
            if reader is None:
                raise UnsupportedMediaError(
                    "The file is none that is read here. Send an X archive (the zip, or its"
                    " tweets.js), JSON lines or CSV with a header line."
                )
            saved, posts = self._save(user_id, user_name, reader, file)
        total = self.store.count_posts(user_id)
        return ImportReport(saved, posts.skipped, tuple(posts.reasons), total, reader.format)

    def _save(
        self, user_id: str, user_name: str, reader: PostFileReader, file: BinaryIO
    ) -> tuple[SavedPosts, _AcceptedPosts]:
        # For a new user the file is first read to its end, so that one that breaks off, or has
        # no post, leaves no user behind.
        worth_saving = self.store.user(user_id) is not None or any(
            [isinstance(item, Post) for item in reader.read(file)]  # noqa: C419
        )
        posts = _AcceptedPosts(reader.read(file))
        if not worth_saving:
            deque(posts, maxlen=0)
            return SavedPosts(), posts
        now = self.clock()
        self.store.ensure_user(user_id, user_name, now)
        return self.store.save_posts(user_id, posts, now), posts

    def _receive(self, stream: BinaryIO, file: BinaryIO) -> None:
        received = 0
        while block := stream.read(_COPY_BYTES):
            received += len(block)
            if received > self.max_bytes:
                raise PayloadTooLargeError(
                    f"The file is larger than {self.max_bytes:,} bytes. Send it in parts, or"
                    " only tweets.js out of the archive."
                )
            file.write(block)
        if received == 0:
            raise UnreadableFileError("The file is empty: it has no bytes at all.")
        file.seek(0)
