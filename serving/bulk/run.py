"""One bulk run: from IN to OUT, begun or gone on with."""

import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.bulk.errors import ChangedError, StorageError, UnusableError
from serving.bulk.formats import Wishes, open_files
from serving.bulk.progress import ProgressLine, say
from serving.bulk.rows import Outcome, Reader, Window
from serving.bulk.scoring import Scoring
from serving.bulk.unfinished import UnfinishedOutput
from serving.schemas import Classification

HASHED_BYTES = 1 << 20
"""How much of IN's beginning and of its end is hashed, to tell whether it is the same file."""

_STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run has done: `rows` in all, `marked` of them with an error."""

    rows: int
    marked: int
    rows_per_second: float


def run(
    source: Path, target: Path, wishes: Wishes, scoring: Scoring, *, overwrite: bool = False
) -> Summary:
    """Score every row of `source` into `target`; go on where an earlier run was stopped.

    Raises BulkError: UnusableError before anything is done, ChangedError when an earlier run
    began with something else, StorageError when a file cannot be read or written on.
    """
    if str(source) in _STANDARD_INPUT:
        raise UnusableError(
            "standard input cannot be IN, as a run that goes on reads it again: write it to a file"
        )
    try:
        if target.exists() and source.samefile(target):
            raise UnusableError(f"IN and OUT are the same file, {source}")
        if target.is_dir():
            raise UnusableError(f"OUT is a folder, {target}: name a file in it")
        if not target.parent.is_dir():
            raise UnusableError(f"the folder of OUT, {target.parent}, is not there: make it first")
        reader, writer = open_files(source, target, wishes)
        begun_with = {**_identity(source), **_choices(reader, wishes)}
    except OSError as error:
        raise UnusableError(f"{source} cannot be read: {error.strerror}") from error
    begun_with |= {"model": scoring.model, "execution provider": scoring.provider}
    output = UnfinishedOutput(target, writer, begun_with)
    try:
        output.open(overwrite=overwrite)
        if wishes.text_column is None:
            # A file without a header would lose its first row to it, and nobody would see.
            say(f"bulk: the texts are in the column {reader.text_column!r}\n", sys.stderr)
        return _fill(output, reader, scoring, source)
    finally:
        output.close()


def _fill(output: UnfinishedOutput, reader: Reader, scoring: Scoring, source: Path) -> Summary:
    done = output.progress
    line = ProgressLine(sys.stderr, size=reader.size, read=done.read, rows=done.rows)
    if done.rows:
        say(f"bulk: going on after {done.rows:,} rows\n", sys.stderr)
    try:
        for window, outcomes in scoring.scored(reader, done.read):
            rows = output.writer.encode((window, outcomes))
            marked = _marked(window, outcomes)
            output.append(rows, window.end, len(window.rows), marked)
            done = output.progress
            line.show(done.read, done.rows, done.marked)
        changed = _identity(source).items() - output.begun_with.items()
    except OSError as error:
        raise StorageError(f"{source} cannot be read any further: {error.strerror}") from error
    finally:
        line.end()
    if changed:
        raise ChangedError(
            f"{source} was changed while it was read: begin anew with --overwrite, on a file that"
            " nobody writes to"
        )
    rate = line.rate(done.rows)
    output.finish()
    return Summary(done.rows, done.marked, rate)


def _marked(window: Window, outcomes: Sequence[Outcome]) -> int:
    return len(window.rows) - sum(isinstance(outcome, Classification) for outcome in outcomes)


def _identity(source: Path) -> dict[str, str]:
    """Return what tells whether IN is still the same file."""
    status = source.stat()
    with source.open("rb") as stream:
        digest = hashlib.sha256(stream.read(HASHED_BYTES))
        stream.seek(max(0, status.st_size - HASHED_BYTES))
        digest.update(stream.read(HASHED_BYTES))
    changed = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(status.st_mtime))
    return {
        "size of IN": f"{status.st_size:,} bytes",
        "time of the last change of IN": f"{changed} ({status.st_mtime_ns} ns)",
        "content of IN": f"SHA-256 {digest.hexdigest()} of its beginning and end",
    }


def _choices(reader: Reader, wishes: Wishes) -> dict[str, str]:
    return {
        "text column": reader.text_column,
        "--keep": ", ".join(wishes.keep) or "all columns",
        "--prefix": wishes.prefix or "none",
        "--encoding": wishes.encoding,
        "--delimiter": repr(wishes.delimiter) if wishes.delimiter else "that of the format",
    }
