"""Unpack files of a zip, tar.gz or gz by pieces, within limits."""

import gzip
import io
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Protocol, cast

from api.errors import UnreadableFileError
from api.post_files.limits import MAX_UNPACKED_BYTES, UnpackedBytes, check_entries

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How a zip file begins: with a member, empty, or split over several files."""

GZIP_SIGNATURE = b"\x1f\x8b"

_CHUNK_BYTES = 64 * 1024
_SHOWN_NAME = 160
_COUNTED_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 1024 * 1024
# A path and what else a program notes of a file.
_MAX_TAR_HEADER_BYTES = 8 * 1024
_ZIP_ENTRY = b"PK\x01\x02"
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
        """Return the paths of all members that are files, in their order.

        Where several have one path, it is there several times, and chunks gives the last of them,
        which is what unpacking the archive leaves.
        """
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
    """A zip file whose members are unpacked piece by piece, within limits."""

    def __init__(self, file: BinaryIO, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES) -> None:
        """Open the zip; max_unpacked_bytes is for all members together.

        Raises UnreadableFileError where it is damaged, as all methods do, PayloadTooLargeError
        where it has too many members.
        """
        check_entries(_signatures(file, _ZIP_ENTRY))
        with _damage_translated():
            self._packed = zipfile.ZipFile(file)
        self._names = [name for name in self._packed.namelist() if not name.endswith("/")]
        self._size = file.seek(0, io.SEEK_END)
        self._unpacked = UnpackedBytes(self._size, max_unpacked_bytes)

    def names(self) -> list[str]:
        """Return the paths of all members that are files; see PackedFiles."""
        return self._names

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
                self._unpacked.see(base_name(name), unpacked, packed)
                yield chunk


def _signatures(file: BinaryIO, signature: bytes) -> int:
    """Return how often a signature stands in a file.

    The entries of a zip are counted so before zipfile makes an object of each. Those of a zip that
    lies unpacked inside count as well, and harm nobody.
    """
    file.seek(0)
    count = 0
    end = b""
    while block := file.read(_COUNTED_BYTES):
        block = end + block
        count += block.count(signature)
        # Too short to hold the signature as a whole.
        end = block[1 - len(signature) :]
    return count


class _Limited(io.RawIOBase):
    """The unpacked bytes of a gz file, within limits."""

    def __init__(self, file: BinaryIO) -> None:
        self._packed_bytes = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._file = gzip.GzipFile(fileobj=file, mode="rb")
        self._bytes = 0
        self._unpacked = UnpackedBytes(self._packed_bytes)

    def read(self, size: int = -1) -> bytes:
        """Return up to size unpacked bytes. Raises PayloadTooLargeError past the limits."""
        with _damage_translated():
            chunk = self._file.read(_CHUNK_BYTES if size < 0 else size)
        self._bytes += len(chunk)
        self._unpacked.see("The file", self._bytes, self._packed_bytes)
        return chunk


class TarReader:
    """A tar.gz file; implements PackedFiles.

    A gz file can only be unpacked from its start, so that is done once, into a temporary file, in
    which each member is then found at its place.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Unpack the tar file and look through it; raises as ZipReader does."""
        plain = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  closed below
        weakref.finalize(self, plain.close)
        stream = _Limited(file)
        while chunk := stream.read(_CHUNK_BYTES):
            plain.write(chunk)
        plain.seek(0)
        headers = _TarBytes(cast(BinaryIO, plain), _MAX_TAR_HEADER_BYTES)
        self._names: list[str] = []
        self._members: dict[str, tarfile.TarInfo] = {}
        with (
            _damage_translated(),
            tarfile.open(fileobj=cast(Any, headers), mode="r:") as tar,
        ):
            for count, member in enumerate(tar, start=1):
                check_entries(count)
                # One with holes may have any size, and nobody packs posts in such.
                if member.isfile() and not member.issparse():
                    self._names.append(member.name)
                    self._members[member.name] = member
        self._bytes = _TarBytes(cast(BinaryIO, plain), _CHUNK_BYTES)

    def names(self) -> list[str]:
        """Return the paths of all members that are files; see PackedFiles."""
        return self._names

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member; see PackedFiles."""
        member = self._members[name]
        at, end = member.offset_data, member.offset_data + member.size
        while at < end:
            self._bytes.seek(at)
            chunk = self._bytes.read(min(_CHUNK_BYTES, end - at))
            if not chunk:
                raise UnreadableFileError(_DAMAGED)
            at += len(chunk)
            yield chunk


class _TarBytes:
    """The bytes of a tar file, of which no more than so many are read at once.

    A header may say that its name has any length, and tarfile would read all of it into memory, and
    seek a pattern in it in time that grows with the square.
    """

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Return up to size bytes. Raises UnreadableFileError where that is more than allowed."""
        if size > self._most:
            raise UnreadableFileError(_DAMAGED)
        return self._file.read(size)


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
        stream = _Limited(self._file)
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


_DAMAGED = (
    "The archive is damaged or was cut short on its way. Download the archive again, or unpack"
    " it and send the file with your posts."
)


@contextmanager
def _damage_translated() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as exc:
        raise UnreadableFileError(_DAMAGED) from exc


def base_name(name: str) -> str:
    """Return the last part of a member's path, as messages show it."""
    return shown_name(PurePosixPath(name.replace("\\", "/")).name)


def shown_name(name: str) -> str:
    """Return a name or path in ASCII, so that every message can show it, cut in its middle."""
    if len(name) > _SHOWN_NAME:
        name = f"{name[: _SHOWN_NAME // 2]}...{name[-_SHOWN_NAME // 2 :]}"
    return name.encode("ascii", "replace").decode("ascii")
