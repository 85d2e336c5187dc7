"""Files of erasures, which outlive the store: a line per erasure, with what a tombstone has.

A restored backup does not know who was erased after it was made. So each erasure is appended to a
file outside the store before it is carried out, and replayed on a backup that is restored.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.errors import StoreUnavailableError
from api.ports.store import Erasure


class ErasureLog:
    """The file to which a store appends its erasures; processes of one machine may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, erasure: Erasure) -> None:
        """Write an erasure and wait until the disk has it. Raises StoreUnavailableError."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                # A process that was killed while it wrote may have left half a line.
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                # One write, so that lines of two processes never mix.
                os.write(descriptor, b"\n" * torn + erasure_line(erasure).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise StoreUnavailableError(
                f"nothing was erased, as the erasure cannot be noted in {self._path}: "
                f"{exc.strerror}; let the service write there, or set ERASURE_LOG"
            ) from exc


@dataclass(frozen=True, slots=True)
class ReadErasures:
    """Erasures of a file, and how many of its lines cannot be read."""

    erasures: tuple[Erasure, ...]
    unreadable: int


def read_erasures(path: Path) -> ReadErasures:
    """Read a file of erasures. Raises StoreUnavailableError if it cannot be opened."""
    found: list[Erasure] = []
    unreadable = 0
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    found.append(_erasure(line))
                except (ValueError, KeyError, TypeError):
                    unreadable += bool(line.strip())
    except OSError as exc:
        raise StoreUnavailableError(f"{path} cannot be read: {exc.strerror}") from exc
    return ReadErasures(tuple(found), unreadable)


def write_erasures(path: Path, erasures: Iterable[Erasure]) -> None:
    """Write a new file, readable by its owner only. Raises StoreUnavailableError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(map(erasure_line, erasures))
            file.flush()
            os.fsync(descriptor)
    except FileExistsError as exc:
        raise StoreUnavailableError(f"{path} is there already: name another file") from exc
    except OSError as exc:
        raise StoreUnavailableError(f"{path} cannot be written: {exc.strerror}") from exc


def erasure_line(erasure: Erasure) -> str:
    """Return the line of an erasure, with its end."""
    at = erasure.at.astimezone(UTC).isoformat()
    return json.dumps({"store": erasure.store, "user_hash": erasure.user_hash, "at": at}) + "\n"


def _erasure(line: str) -> Erasure:
    read = json.loads(line)
    at = datetime.fromisoformat(read["at"])
    if at.tzinfo is None or len(bytes.fromhex(read["user_hash"])) != 32:
        raise ValueError("no erasure")
    return Erasure(str(read["store"]), read["user_hash"].lower(), at)
