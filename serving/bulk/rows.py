"""Rows of an input file, the windows they are scored in, and the columns that scoring adds.

Every row of the input is one `Row`, a bad one too, and becomes one row of the output.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from serving.bulk.errors import UnusableError
from serving.classifier.artifact import EMOTIONS
from serving.errors import ClassificationError
from serving.schemas import Classification

WINDOW_ROWS = 4096
"""Rows that are sorted by length together, so that texts of a batch are of similar length."""

WINDOW_BYTES = 8 * 1024 * 1024
"""Input of a window, about: bounds the memory, whatever the rows hold."""

ROW_BYTES = 4 * 1024 * 1024
"""Longest row of a text file; of a longer one only the beginning is kept."""

SHOWN_CHARS = 1_000
"""How much is kept of a row that is longer than ROW_BYTES."""

TOO_LONG = f"the row is longer than {ROW_BYTES >> 20} MiB; bad_row has its beginning"
NO_TEXT = "the text is missing"
USUAL_COLUMNS = ("text", "tweet", "post", "content", "message", "full_text", "body", "comment")
"""Names under which texts are looked for, in this order and in any case."""

SCORES = ("label", *EMOTIONS, "irony", "tokens", "truncated")
RESULTS = (*SCORES, "error", "bad_row")
"""Columns of the output that scoring adds, after those of the input."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its text, or an `error` that says why it has none.

    `values` are its columns by name. `source` is the row as it stands in the file, where the
    output needs it. Unless `divided`, it could not be told what belongs to which column, and the
    output repeats the source.
    """

    text: str | None = None
    error: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    divided: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """Rows that are scored together; `end` is where the next one begins, as its reader counts.

    `batch` is an Arrow record batch of the same rows, if they come from Parquet.
    """

    rows: Sequence[Row]
    end: int
    batch: Any = None


Outcome = Classification | ClassificationError | None
"""What the model says of a row; None of a row without a text."""

ScoredWindow = tuple[Window, Sequence[Outcome]]


class Reader(Protocol):
    """Reads one input file, from its beginning or from the end of any window."""

    @property
    def text_column(self) -> str:
        """Name of the column that holds the texts."""
        ...

    @property
    def size(self) -> int:
        """Where the last row ends."""
        ...

    def windows(self, start: int) -> Iterator[Window]:
        """Yield the rows from `start` on (0, or the `end` of a window), up to `size`.

        `start` and `size` count bytes of a text file, and rows of a Parquet file.
        """
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of the output: those kept of the input, then the results, named with a prefix."""

    kept: tuple[str, ...]
    prefix: str = ""

    @property
    def results(self) -> tuple[str, ...]:
        """Names of the columns that scoring adds."""
        return tuple(self.prefix + name for name in RESULTS)

    def check(self, columns: Iterable[str]) -> None:
        """Raise UnusableError when a column of the input has the name of a result."""
        if taken := sorted(set(columns) & set(self.results)):
            raise UnusableError(
                f"the input has the column{'s' * (len(taken) > 1)} {', '.join(taken)} already, as"
                " scoring would name its own: use --prefix, for example --prefix moodline_, or"
                " leave them out with --keep"
            )


def result_values(row: Row, outcome: Outcome) -> list[Any]:
    """Return the values of RESULTS for a row; scores have the digits that the server sends."""
    error = row.error
    bad_row = None if row.divided else row.source
    if isinstance(outcome, Classification):
        wire = outcome.to_wire()
        return [
            wire["label"],
            *(wire["scores"][name] for name in EMOTIONS),
            *(wire[name] for name in ("irony", "tokens", "truncated")),
            error,
            bad_row,
        ]
    if isinstance(outcome, ClassificationError):
        error = "the model cannot classify this text"
    return [*(None for _ in SCORES), error, bad_row]


def find_text_column(columns: Sequence[str], named: str | None, where: str) -> str:
    """Return the column that holds the texts; UnusableError, which lists them, if none is found."""
    listed = f"the columns of {where} are: {', '.join(columns[:100])}"
    if named is not None:
        if columns.count(named) != 1:
            raise UnusableError(f"there is no column {named!r}; {listed}")
        return named
    if len(columns) == 1:
        return columns[0]
    for usual in USUAL_COLUMNS:
        found = [column for column in columns if column.strip().lower() == usual]
        if len(found) == 1:
            return found[0]
    raise UnusableError(f"name the column that holds the texts with --text-column; {listed}")


def in_windows(rows: Iterable[tuple[Row, int]], start: int, most_rows: int) -> Iterator[Window]:
    """Group rows, each with the byte where it ends, into windows within the bounds."""
    window: list[Row] = []
    end = start
    for row, end in rows:
        window.append(row)
        if len(window) >= most_rows or end - start >= WINDOW_BYTES:
            yield Window(window, end)
            window, start = [], end
    if window:
        yield Window(window, end)
