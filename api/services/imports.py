"""Import posts from an uploaded file: all that can be read of it, or nothing where it is broken."""

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import Ownership, Post, RejectedPost, Skip
from api.errors import PayloadTooLargeError, UnreadableFileError
from api.failpoints import failpoint
from api.ports.clock import Clock
from api.ports.post_files import PostFile, PostFiles
from api.ports.store import SavedPosts, Store
from api.services.users import valid_user_id

_log = logging.getLogger(__name__)

MAX_POSTS_PER_USER = 300_000
"""Most posts that are stored of one user: some 50 a day for 16 years, hours of classification."""

_REASONS_KEPT = 100
_LOGGED_EVERY = 10_000
_IN_MEMORY_BYTES = 1024**2
_COPY_BYTES = 256 * 1024
_POSTS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file with the name and type that its sender declares."""

    stream: BinaryIO
    file_name: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was understood of a file, and what of it was saved or, in a dry run, would be.

    own, shared and liked count the posts that were read; first_posts are the first three of them.
    duplicates and edits count the posts that were left out since they, or a later version of them,
    are in the file or the store already. skipped counts the other items that were left out, with
    the reasons for the first 100. total is the number of the user's posts that are stored now.
    """

    dry_run: bool
    format: str
    dialect: Dialect
    encoding: str
    date_order: DateOrder | None
    own: int
    shared: int
    liked: int
    first_posts: tuple[Post, ...]
    saved: SavedPosts
    duplicates: int
    edits: int
    skipped: int
    skipped_reasons: tuple[RejectedPost, ...]
    unused_columns: tuple[str, ...]
    notes: tuple[str, ...]
    total: int


class _MayNotFitError(Exception):
    """A file has more posts than there is room for, unless some are stored already."""


class _ReadPosts:
    """The posts among what a file yields; counts them and the items that are left out."""

    def __init__(self, items: Iterator[Post | RejectedPost], most: int | None = None) -> None:
        """Raise _MayNotFitError after so many posts, where a number is given."""
        self._items = items
        self._room = most
        self.counts: Counter[Ownership | Skip] = Counter()
        self.first: list[Post] = []
        self.reasons: list[RejectedPost] = []

    def __iter__(self) -> Iterator[Post]:
        for number, item in enumerate(self._items, start=1):
            if number % _LOGGED_EVERY == 0:
                _log.info("importing", extra={"posts": number})
            if isinstance(item, Post):
                self.counts[item.ownership] += 1
                if self._room is not None:
                    self._room -= 1
                    if self._room < 0:
                        raise _MayNotFitError
                if len(self.first) < _POSTS_SHOWN:
                    self.first.append(item)
                yield item
                continue
            self.counts[item.kind] += 1
            explained = item.kind not in (Skip.DUPLICATE, Skip.EDITED)
            if explained and len(self.reasons) < _REASONS_KEPT:
                self.reasons.append(item)


@dataclass(frozen=True, slots=True)
class Imports:
    """Use case: import files of posts."""

    store: Store
    files: PostFiles
    clock: Clock
    max_bytes: int
    max_posts: int = MAX_POSTS_PER_USER

    def import_posts(
        self,
        user_name: str,
        upload: Upload,
        *,
        dry_run: bool = False,
        date_order: DateOrder | None = None,
    ) -> ImportReport:
        """Save the posts of a file in one transaction and report on them.

        A dry run reports the same, but for the total, and saves nothing. A user who is not known
        yet is created with their first posts. date_order counts only where the file's dates do not
        decide it.
        Raises InvalidRequestError for a bad user name, UnsupportedMediaError for a kind of file
        that is not read, UnreadableFileError for a broken file, AmbiguousDatesError,
        PayloadTooLargeError, also where the user would have more than max_posts. Then nothing of
        the file is saved.
        """
        user_id = valid_user_id(user_name)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spooled:
            file = cast(BinaryIO, spooled)
            self._receive(upload.stream, file)
            opened = self.files.open(
                file, upload.file_name, upload.content_type, date_order, user_name
            )
            room = self.max_posts - self.store.count_posts(user_id)
            try:
                posts = _ReadPosts(opened.posts(), most=room)
                saved = self._save(user_id, user_name, posts, dry_run=dry_run)
            except _MayNotFitError:
                # Posts that are stored already need no room, which only the store can tell.
                posts = _ReadPosts(opened.posts())
                tried = self._save(user_id, user_name, posts, dry_run=True)
                if tried.created > room:
                    raise PayloadTooLargeError(
                        f"With the {tried.created:,} new posts of this file the user would have"
                        f" more than {self.max_posts:,}, so nothing of it was stored. Send a file"
                        " with fewer, such as those of the last years."
                    ) from None
                posts = _ReadPosts(opened.posts())
                saved = self._save(user_id, user_name, posts, dry_run=dry_run)
        failpoint("after-import")
        total = self.store.count_posts(user_id)
        return _report(opened, posts, saved, total, dry_run=dry_run)

    def _save(
        self, user_id: str, user_name: str, posts: "_ReadPosts", *, dry_run: bool
    ) -> SavedPosts:
        return self.store.save_posts(
            user_id, posts, self.clock(), new_user=user_name, dry_run=dry_run
        )

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


def _report(
    file: PostFile, posts: _ReadPosts, saved: SavedPosts, total: int, *, dry_run: bool
) -> ImportReport:
    counts = posts.counts
    return ImportReport(
        dry_run=dry_run,
        format=file.format,
        dialect=file.dialect,
        encoding=file.encoding,
        date_order=file.date_order,
        own=counts[Ownership.OWN],
        shared=counts[Ownership.SHARED],
        liked=counts[Ownership.LIKED],
        first_posts=tuple(posts.first),
        saved=saved,
        duplicates=counts[Skip.DUPLICATE] + saved.duplicates,
        edits=counts[Skip.EDITED] + saved.edits,
        skipped=counts[Skip.UNREADABLE] + counts[Skip.LEFT_OUT],
        skipped_reasons=tuple(posts.reasons),
        unused_columns=file.unused_columns,
        notes=file.notes,
        total=total,
    )
