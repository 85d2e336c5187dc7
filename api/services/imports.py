"""Import posts from an uploaded file: all that can be read of it, or nothing where it is broken."""

from __future__ import annotations

import logging
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

from api.domain.posts import Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError, UnsupportedMediaError
from api.ports.clock import Clock
from api.ports.post_files import PostFileReader
from api.ports.store import SavedPosts, Store
from api.post_files.detection import kind_of
from api.services.users import named

_log = logging.getLogger(__name__)

_REASONS_KEPT = 100
_LOGGED_EVERY = 10_000
_IN_MEMORY_BYTES = 1024**2
_COPY_BYTES = 256 * 1024
_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """Hold a file as it arrives; file_name and content_type are what the sender calls it."""

    stream: BinaryIO
    file_name: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Say what an import did; skipped_reasons holds the first 100 of `skipped`."""

    saved: SavedPosts
    skipped: int
    skipped_reasons: tuple[RejectedPost, ...]
    total: int
    format: str


class _Sieve:
    """Let posts through, and count and keep what was rejected."""

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


class Imports:
    """Import files of posts; readers are the readers by kind of file."""

    def __init__(
        self,
        store: Store,
        readers: Mapping[str, PostFileReader],
        clock: Clock,
        *,
        max_bytes: int,
    ) -> None:
        self._store = store
        self._readers = readers
        self._clock = clock
        self._max_bytes = max_bytes

    def import_posts(self, user_name: str, upload: Upload) -> ImportReport:
        """Keep the posts of a file in one transaction and report on them.

        Raises InvalidRequestError for a bad user name, UnsupportedMediaError for a kind of file
        that is not read, UnreadableFileError for a broken one, PayloadTooLargeError. Then nothing
        of the file is kept.
        """
        user_id = named(user_name)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spooled:
            file = cast(BinaryIO, spooled)
            self._receive(upload.stream, file)
            kind = kind_of(file.read(_HEAD_BYTES), upload.file_name, upload.content_type)
            if kind is None or kind not in self._readers:
                raise UnsupportedMediaError(
                    "The file is none that is read here. Send an X archive (the zip, or its"
                    " tweets.js), JSON lines or CSV with a header line."
                )
            saved, sieve = self._keep(user_id, user_name, self._readers[kind], file)
        total = self._store.count_posts(user_id)
        return ImportReport(saved, sieve.skipped, tuple(sieve.reasons), total, kind)

    def _keep(
        self, user_id: str, user_name: str, reader: PostFileReader, file: BinaryIO
    ) -> tuple[SavedPosts, _Sieve]:
        to_keep = self._store.user(user_id) is not None
        if not to_keep:
            # Read to its end once before a user is made of it, so that a file that breaks off, or
            # holds no post, leaves nothing behind.
            file.seek(0)
            to_keep = any([isinstance(item, Post) for item in reader.read(file)])  # noqa: C419
        file.seek(0)
        sieve = _Sieve(reader.read(file))
        if not to_keep:
            deque(sieve, maxlen=0)
            return SavedPosts(), sieve
        now = self._clock()
        self._store.ensure_user(user_id, user_name, now)
        return self._store.save_posts(user_id, sieve, now), sieve

    def _receive(self, stream: BinaryIO, file: BinaryIO) -> None:
        received = 0
        while block := stream.read(_COPY_BYTES):
            received += len(block)
            if received > self._max_bytes:
                raise PayloadTooLargeError(
                    f"The file is larger than {self._max_bytes:,} bytes. Send it in parts, or"
                    " only tweets.js out of the archive."
                )
            file.write(block)
        if received == 0:
            raise UnreadableFileError("The file is empty: it has no bytes at all.")
        file.seek(0)
