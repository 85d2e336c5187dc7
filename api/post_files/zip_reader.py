"""Unpack members of a zip file piece by piece, within limits and without writing to disk."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from api.errors import PayloadTooLargeError, UnreadableFileError

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How a zip file begins: with a member, empty, or split over several files."""

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_RATIO = 100
"""Most unpacked bytes per packed byte of one member."""

_CHUNK_BYTES = 64 * 1024
# X's scripts shrink to a tenth. A ratio says nothing of a small file, and that harms nobody.
_RATIO_COUNTS_FROM = 8 * 1024 * 1024
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for a damaged file: its headers, names and offsets, then its data.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip


class ZipReader:
    """A zip file whose members are unpacked piece by piece, up to a size and a ratio."""

    def __init__(self, file: BinaryIO, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES) -> None:
        """Open the zip; max_unpacked_bytes is for all members together.

        Limits are counted while reading: what a zip says of its own sizes is not believed.
        Raises UnreadableFileError where it is damaged, as all methods do.
        """
        with _damage_translated():
            self._packed = zipfile.ZipFile(file)
        self._size = file.seek(0, io.SEEK_END)
        self._max_bytes = max_unpacked_bytes
        self._unpacked = 0

    def names(self) -> list[str]:
        """Return the paths of all members."""
        return self._packed.namelist()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member.

        Raises PayloadTooLargeError past the limits, UnreadableFileError where it is encrypted or
        packed in a way that cannot be unpacked piece by piece.
        """
        member = self._packed.getinfo(name)
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableFileError(
                f"{base_name(name)} is encrypted. Unpack the archive with its password and send"
                " tweets.js."
            )
        if member.compress_type not in _METHODS:
            raise UnreadableFileError(
                f"{base_name(name)} is packed by a method that is not read here. Unpack the"
                " archive and send tweets.js."
            )
        # What the zip says of a member's packed size is true at most up to its own.
        packed = min(member.compress_size, self._size)
        unpacked = 0
        with _damage_translated():
            stream = self._packed.open(member)
        with stream:
            while True:
                with _damage_translated():
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
        if unpacked > _RATIO_COUNTS_FROM and unpacked > packed * MAX_RATIO:
            raise PayloadTooLargeError(
                f"{base_name(name)} unpacks to more than {MAX_RATIO} times its packed size,"
                " as no archive of posts does. Unpack it and send tweets.js itself."
            )


@contextmanager
def _damage_translated() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as exc:
        raise UnreadableFileError(
            "The zip is damaged or was cut short on its way. Download the archive again, or unpack"
            " it and send tweets.js."
        ) from exc


def base_name(name: str) -> str:
    """Return the last part of a member's path, in ASCII so that every message can show it."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return base.encode("ascii", "replace").decode("ascii")
