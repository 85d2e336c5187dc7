"""Fake dialects of uploaded files."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import Post, RejectedPost
from api.errors import AmbiguousDatesError, FieldError, UnsupportedMediaError

LETTERS = Dialect(
    "letters",
    "Letters to a friend",
    "Letters",
    ("letters.txt",),
    "Ask the friend.",
    "a first line that begins with Dear",
    ("text", "time"),
    ("the stamp",),
)


class FakePostFile:
    """File that yields the given items, whatever it holds, then raises the error if any."""

    format = "fake"
    dialect = LETTERS
    encoding = "utf-8"

    def __init__(
        self,
        items: Sequence[Post | RejectedPost],
        error: Exception | None,
        date_order: DateOrder | None,
    ) -> None:
        self.items = items
        self.error = error
        self.date_order = date_order
        self.unused_columns: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.times_read = 0

    def posts(self) -> Iterator[Post | RejectedPost]:
        self.times_read += 1
        yield from self.items
        if self.error:
            raise self.error
        # What a reader knows only once it has read the whole file.
        self.unused_columns, self.notes = ("stamp",), ("photo.jpg is not read.",)


class FakePostFiles:
    """Opens every file as a FakePostFile, but no zip; `opened` is the one opened last.

    A file that holds the words "either order" has dates of which only date_order says the order.
    """

    opened: FakePostFile

    def __init__(
        self, items: Sequence[Post | RejectedPost] = (), error: Exception | None = None
    ) -> None:
        self.items = items
        self.error = error

    def dialects(self) -> tuple[Dialect, ...]:
        return (LETTERS,)

    def open(
        self,
        file: BinaryIO,
        file_name: str | None,
        content_type: str | None,
        date_order: DateOrder | None,
        user_name: str | None = None,
    ) -> FakePostFile:
        data = file.read()
        if data.startswith(b"PK"):
            raise UnsupportedMediaError("This is a zip.")
        if b"either order" in data and date_order is None:
            both = '"05/02/2023" is 5 February 2023 or 2 May 2023'
            raise AmbiguousDatesError("The dates have either order.", [FieldError("row 2", both)])
        self.opened = FakePostFile(self.items, self.error, date_order)
        return self.opened
