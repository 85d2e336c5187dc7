"""Read posts out of the archive that X gives its users, or out of one script of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from api.domain.posts import Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError
from api.intake.post_fields import PostIntake
from api.ports.clock import Clock
from api.post_files.archive_layout import (
    MAX_PREFIX_CHARACTERS,
    NotAnArchiveError,
    list_start,
    members_of,
)
from api.post_files.detection import ZIP_SIGNATURES
from api.post_files.encodings import TextForm, form_of, texts_of
from api.post_files.json_reader import NotAnArrayError, array_items, fields_of
from api.post_files.long_posts import LongPosts, TooManyNotesError

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_RATIO = 100

_CHUNK_BYTES = 64 * 1024
# X's scripts shrink to a tenth. A ratio says nothing of a small file, and that harms nobody.
_RATIO_COUNTS_FROM = 8 * 1024 * 1024
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for a damaged file: its headers, names and offsets, then its data.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class XArchiveReader:
    """Read an X archive: its zip, or by itself a script of posts or a JSON list of them.

    Of the zip only data/tweets.js, its parts and its older names are opened, and data/note-tweet.js
    for the whole texts of long posts; nothing is written to disk. Likes (data/like.js) are left
    out by design: X keeps no date with them, and a mood is weighed by time. Retweets are shared
    posts. Items are counted from 1 in each script.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        max_unpacked_bytes: int = MAX_UNPACKED_BYTES,
        max_ratio: int = MAX_RATIO,
    ) -> None:
        """Take the most bytes that a zip may unpack to, and how many for one packed byte.

        Both are counted while reading: what a zip says of its own sizes is not believed.
        """
        self._clock = clock
        self._max_unpacked_bytes = max_unpacked_bytes
        self._max_ratio = max_ratio

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file, as PostFileReader has it."""
        file.seek(0)
        head = file.read(4)
        file.seek(0)
        intake = PostIntake(self._clock())
        if head.startswith(ZIP_SIGNATURES):
            yield from self._read_zip(file, intake)
            return
        form = form_of(_chunks(file))
        file.seek(0)
        for number, item in enumerate(_items(_chunks(file), form, "the file"), start=1):
            yield _post(intake, item, f"item {number}")

    def _read_zip(self, file: BinaryIO, intake: PostIntake) -> Iterator[Post | RejectedPost]:
        unpacker = _Unpacker(file, self._max_unpacked_bytes, self._max_ratio)
        try:
            members = members_of(unpacker.names())
        except NotAnArchiveError as exc:
            raise UnreadableFileError(str(exc)) from exc
        long_posts = LongPosts(self._clock())
        try:
            for name in members.notes:
                for item in _items(unpacker.chunks(name), TextForm(), _base(name)):
                    long_posts.add(item)
        except TooManyNotesError as exc:
            raise PayloadTooLargeError(str(exc)) from exc
        for name in members.posts:
            items = _items(unpacker.chunks(name), TextForm(), _base(name))
            for number, item in enumerate(items, start=1):
                yield _post(intake, item, f"item {number} of {_base(name)}", long_posts)


class _Unpacker:
    """Unpack members of a zip in pieces, and stop where they grow beyond what is allowed."""

    def __init__(self, file: BinaryIO, max_bytes: int, max_ratio: int) -> None:
        """Open the zip. Raises UnreadableFileError where it is damaged, as all methods do."""
        with _damage_told():
            self._packed = zipfile.ZipFile(file)
        self._size = file.seek(0, io.SEEK_END)
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._unpacked = 0

    def names(self) -> list[str]:
        """Return the paths of all members."""
        return self._packed.namelist()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member.

        Raises PayloadTooLargeError past the caps, UnreadableFileError where it is encrypted or
        packed in a way that cannot be unpacked piece by piece.
        """
        member = self._packed.getinfo(name)
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableFileError(
                f"{_base(name)} is encrypted. Unpack the archive with its password and send"
                " tweets.js."
            )
        if member.compress_type not in _METHODS:
            raise UnreadableFileError(
                f"{_base(name)} is packed by a method that is not read here. Unpack the archive"
                " and send tweets.js."
            )
        # What the zip says of a member's packed size is true at most up to its own.
        packed = min(member.compress_size, self._size)
        unpacked = 0
        with _damage_told():
            stream = self._packed.open(member)
        with stream:
            while True:
                with _damage_told():
                    chunk = stream.read(_CHUNK_BYTES)
                if not chunk:
                    return
                unpacked += len(chunk)
                self._unpacked += len(chunk)
                self._check(name, unpacked, packed)
                yield chunk

    def _check(self, name: str, unpacked: int, packed: int) -> None:
        if self._unpacked > self._max_bytes:
            raise PayloadTooLargeError(
                f"The posts in this zip unpack to more than {self._max_bytes:,} bytes. Send the"
                " scripts of the archive one by one."
            )
        if unpacked > _RATIO_COUNTS_FROM and unpacked > packed * self._max_ratio:
            raise PayloadTooLargeError(
                f"{_base(name)} unpacks to more than {self._max_ratio} times its packed size, as no"
                " archive of posts does. Unpack it and send tweets.js itself."
            )


def _post(
    intake: PostIntake, item: Any, where: str, long_posts: LongPosts | None = None
) -> Post | RejectedPost:
    fields = fields_of(item)
    if fields is None:
        return RejectedPost(where, "the item is not an object with a post's fields")
    return intake.take(long_posts.complete(fields) if long_posts else fields, where)


def _items(chunks: Iterable[bytes], form: TextForm, name: str) -> Iterator[Any]:
    """Yield the items of a script's list; UnreadableFileError where it is no such script."""
    texts = texts_of(chunks, form)
    try:
        head = ""
        for text in texts:
            head += text
            if len(head) >= MAX_PREFIX_CHARACTERS:
                break
        yield from array_items(chain([head[list_start(head) :]], texts))
    except NotAnArchiveError as exc:
        raise UnreadableFileError(str(exc)) from exc
    except NotAnArrayError as exc:
        raise UnreadableFileError(
            f"The list of posts in {name} cannot be read to its end: {exc}. Ask X for the archive"
            " anew, or send a file that is whole."
        ) from exc


@contextmanager
def _damage_told() -> Iterator[None]:
    """Translate what a damaged zip raises while it is opened and unpacked."""
    try:
        yield
    except _DAMAGE as exc:
        raise UnreadableFileError(
            "The zip is damaged or was cut short on its way. Download the archive again, or unpack"
            " it and send tweets.js."
        ) from exc


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    return iter(partial(stream.read, _CHUNK_BYTES), b"")


def _base(name: str) -> str:
    """Return the last part of a member's path, in characters that every place can show."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return base.encode("ascii", "replace").decode("ascii")
