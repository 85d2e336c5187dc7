"""Unpack files of a zip, tar.gz or gz by pieces, within limits and without writing to disk."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Protocol, cast

from api.errors import PayloadTooLargeError, UnreadableFileError

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How a zip file begins: with a member, empty, or split over several files."""

GZIP_SIGNATURE = b"\x1f\x8b"

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
    zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error, EOFError, OSError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
_TAR_MAGIC = slice(257, 262)


class PackedFiles(Protocol):
    """Files packed in one, whose contents can be read several times."""

    def names(self) -> list[str]:
        """Return the paths of all members that are files."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member, from its start.

        Raises PayloadTooLargeError past the limits, UnreadableFileError where it is encrypted or
        damaged, or packed in a way that cannot be unpacked by pieces.
        """
        ...


def packed_files(file: BinaryIO, file_name: str | None) -> PackedFiles | None:
    """Return the files packed in a file, or None where it is no zip, tar.gz or gz file.

    Raises UnreadableFileError where it is damaged.
    """
    file.seek(0)
    head = file.read(4)
    if head.startswith(ZIP_SIGNATURES):
        return ZipReader(file)
    if not head.startswith(GZIP_SIGNATURE):
        return None
    file.seek(0)
    with _damage_translated():
        start = gzip.GzipFile(fileobj=file, mode="rb").read(512)
    if start[_TAR_MAGIC] == b"ustar":
        return TarReader(file)
    return GzipReader(file, file_name)


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
        self._unpacked: dict[str, int] = {}

    def names(self) -> list[str]:
        """Return the paths of all members that are files."""
        return [name for name in self._packed.namelist() if not name.endswith("/")]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member; see PackedFiles."""
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
                # A member may be read several times, and counts once.
                self._unpacked[name] = max(self._unpacked.get(name, 0), unpacked)
                self._check(name, unpacked, packed)
                yield chunk

    def _check(self, name: str, unpacked: int, packed: int) -> None:
        if sum(self._unpacked.values()) > self._max_bytes:
            raise PayloadTooLargeError(
                f"The posts in this zip unpack to more than {self._max_bytes:,} bytes. Send the"
                " scripts of the archive one by one."
            )
        _check_ratio(base_name(name), unpacked, packed)


def _check_ratio(name: str, unpacked: int, packed: int) -> None:
    if unpacked > _RATIO_COUNTS_FROM and unpacked > packed * MAX_RATIO:
        raise PayloadTooLargeError(
            f"{name} unpacks to more than {MAX_RATIO} times its packed size, as no archive of posts"
            " does. Unpack it and send the file with your posts."
        )


class _Limited(io.RawIOBase):
    """The unpacked bytes of a gz file, up to a size and a ratio."""

    def __init__(self, file: BinaryIO) -> None:
        self._packed_bytes = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._unpacked = gzip.GzipFile(fileobj=file, mode="rb")
        self._bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to size unpacked bytes. Raises PayloadTooLargeError past the limits."""
        chunk = self._unpacked.read(_CHUNK_BYTES if size < 0 else size)
        self._bytes += len(chunk)
        _check_ratio("The file", self._bytes, self._packed_bytes)
        if self._bytes > MAX_UNPACKED_BYTES:
            raise PayloadTooLargeError(
                f"The file unpacks to more than {MAX_UNPACKED_BYTES:,} bytes. Unpack it and send"
                " the file with your posts."
            )
        return chunk


class TarReader:
    """A tar.gz file; implements PackedFiles. Each member is found from the start of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def names(self) -> list[str]:
        """Return the paths of all members that are files."""
        return [member.name for _, member in self._members()]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member; see PackedFiles."""
        for tar, member in self._members():
            if member.name == name:
                with _damage_translated():
                    stream = cast(BinaryIO, tar.extractfile(member))
                    while chunk := stream.read(_CHUNK_BYTES):
                        yield chunk
                return

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        with (
            _damage_translated(),
            tarfile.open(fileobj=cast(Any, _Limited(self._file)), mode="r|") as tar,
        ):
            for member in tar:
                if member.isfile():
                    yield tar, member


class GzipReader:
    """One file packed with gzip; implements PackedFiles."""

    def __init__(self, file: BinaryIO, file_name: str | None) -> None:
        self._file = file
        self._name = base_name(file_name or "posts").removesuffix(".gz")

    def names(self) -> list[str]:
        """Return the name of the one member."""
        return [self._name]

    def chunks(self, name: str) -> Iterator[bytes]:  # noqa: ARG002  there is one
        """Yield the unpacked bytes; see PackedFiles."""
        with _damage_translated():
            stream = _Limited(self._file)
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk


@contextmanager
def _damage_translated() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as exc:
        raise UnreadableFileError(
            "The zip is damaged or was cut short on its way. Download the archive again, or unpack"
            " it and send the file with your posts."
        ) from exc


def base_name(name: str) -> str:
    """Return the last part of a member's path, in ASCII so that every message can show it."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return base.encode("ascii", "replace").decode("ascii")
