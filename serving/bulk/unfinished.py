"""The unfinished output and its journal, from which a run that was killed goes on.

Beside OUT lie `OUT.partial`, to which rows are appended, and `OUT.journal`, a small JSON file that
says how long the partial file was, and how far the input was read, when the last window was whole.
The journal is replaced in one step after the rows are on the disk. So whenever a run is killed, the
partial file has all the rows that the journal counts, and what lies beyond them is cut off.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from serving.bulk.errors import ChangedError, StorageError, UnusableError
from serving.bulk.formats import Writer

JOURNAL_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `read` as the reader counts, `written` in bytes of the partial file.

    `marked` counts the rows that have an error. `complete` when all rows are there.
    """

    read: int = 0
    written: int = 0
    rows: int = 0
    marked: int = 0
    complete: bool = False


@dataclass(slots=True)
class UnfinishedOutput:
    """An output that is being written; holds a lock on it until it is closed.

    `begun_with` is what must be the same whenever the run goes on: a text for each of its parts.
    """

    target: Path
    writer: Writer
    begun_with: Mapping[str, str]
    progress: Progress = field(default_factory=Progress)
    _file: Any = None
    _named: bool = False

    @property
    def partial(self) -> Path:
        """The file of the rows so far."""
        return self.target.with_name(f"{self.target.name}.partial")

    @property
    def journal(self) -> Path:
        """The file that says what of `partial` counts."""
        return self.target.with_name(f"{self.target.name}.journal")

    def open(self, *, overwrite: bool) -> Self:
        """Begin, or go on where an earlier run stopped; `overwrite` begins in any case.

        Raises UnusableError when OUT is there already or another run writes it, ChangedError when
        what was begun cannot go on.
        """
        if self.target.exists() and not overwrite and not self.journal.exists():
            raise UnusableError(
                f"{self.target} is there already: choose another OUT, or --overwrite to replace it"
            )
        try:
            self._file = self.partial.open("r+b" if self.partial.exists() else "w+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnusableError(
                f"another run writes {self.target} at this moment: wait for it or stop it"
            ) from None
        except OSError as error:
            raise UnusableError(f"{self.partial} cannot be written: {error.strerror}") from error
        if not self._is_partial():  # another run has just made OUT of it
            raise UnusableError(f"{self.target} was finished by another run at this moment")
        if overwrite:
            self.journal.unlink(missing_ok=True)
        if self.journal.exists():
            self._go_on()
        else:
            self._file.truncate(0)
            self.append(self.writer.beginning(), 0)
        return self

    def append(self, rows: bytes, read: int, count: int = 0, marked: int = 0) -> None:
        """Add rows; when this returns, they are on the disk and count. StorageError else."""
        try:
            self._file.write(rows)
            self._file.flush()
            os.fsync(self._file.fileno())
            done = self.progress
            done = Progress(read, done.written + len(rows), done.rows + count, done.marked + marked)
            self._write_journal(done)
            self.progress = done
        except OSError as error:
            raise StorageError(
                f"{self.partial} cannot be written any further: {error.strerror}. The"
                f" {self.progress.rows:,} rows done are kept: make room and run the same command"
                " again"
            ) from error

    def finish(self) -> None:
        """Make OUT of what is there, whole and in one step. StorageError if that fails."""
        if self._named:
            self.partial.unlink()
            self.journal.unlink()
            return
        try:
            self._write_journal(replace(self.progress, complete=True))
            self.writer.finish(self.partial, self.target)
            _sync_folder(self.target.parent)
            self.journal.unlink()
        except OSError as error:
            raise StorageError(
                f"{self.target} cannot be written: {error.strerror or error}. All rows are done and"
                " kept: make room and run the same command again"
            ) from error

    def close(self) -> None:
        """Release the lock."""
        if self._file is not None:
            with suppress(OSError):  # rows that no longer fit, which append has reported
                self._file.close()

    def _go_on(self) -> None:
        """Take the journal over and cut off what it does not count."""
        try:
            journal = json.loads(self.journal.read_text(encoding="utf-8"))
            if journal["schema"] != JOURNAL_SCHEMA:
                raise ValueError("of another version")
            begun_with, self.progress = journal["begun_with"], Progress(**journal["progress"])
            missing = os.fstat(self._file.fileno()).st_size < self.progress.written
            # An earlier run was killed after it had named OUT, before it removed its journal.
            self._named = missing and self.progress.complete and self.target.exists()
            if missing and not self._named:
                raise ValueError(f"{self.partial} is shorter than it says")
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ChangedError(
                f"{self.journal} cannot be used ({error}): begin anew with --overwrite"
            ) from error
        for part, text in self.begun_with.items():
            if begun_with.get(part) != text:
                raise ChangedError(
                    f"the run that {self.journal} belongs to began with another {part}:"
                    f" {begun_with.get(part)}; now it is {text}. Give it back what it began with,"
                    " or begin anew with --overwrite"
                )
        if not self._named:
            self._file.truncate(self.progress.written)
            self._file.seek(0, os.SEEK_END)

    def _is_partial(self) -> bool:
        """Return whether the open file is the one that has the name now."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self.partial.stat())
        except FileNotFoundError:
            return False

    def _write_journal(self, progress: Progress) -> None:
        new = self.journal.with_name(f"{self.journal.name}.new")
        journal = {
            "schema": JOURNAL_SCHEMA,
            "begun_with": dict(self.begun_with),
            "progress": asdict(progress),
        }
        with new.open("w", encoding="utf-8") as stream:
            json.dump(journal, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.journal)
        _sync_folder(self.journal.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
