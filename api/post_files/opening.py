"""Open an uploaded file: recognise its dialect, survey it, and yield its posts."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import Post, RejectedPost
from api.intake.post_fields import PostIntake, ReadingRules
from api.ports.clock import Clock
from api.post_files.archives import archived_records
from api.post_files.dialect_files import dialect_files
from api.post_files.encodings import chunks_of
from api.post_files.limits import ImportLimits
from api.post_files.packed_files import base_name, packed_files
from api.post_files.post_records import Part, Records, open_records
from api.post_files.survey import Survey, rules_of, surveyed

_NAMES_SHOWN = 5


class DialectPostFiles:
    """Every dialect that is read; implements PostFiles."""

    def __init__(
        self, clock: Clock, thread_seconds: Callable[[], float] = time.thread_time
    ) -> None:
        """Read by this clock; thread_seconds is the processor time of the calling thread."""
        self._clock = clock
        self._seconds = thread_seconds

    def dialects(self) -> tuple[Dialect, ...]:
        """Return every dialect that is read, the plain ones last."""
        return tuple(each.described() for each in dialect_files() if not each.refused)

    def open(
        self,
        file: BinaryIO,
        file_name: str | None,
        content_type: str | None,
        date_order: DateOrder | None,
        user_name: str | None = None,
    ) -> "OpenedFile":
        """Recognise a seekable file; see PostFiles."""
        now = self._clock()
        limits = ImportLimits(self._seconds)
        packed = packed_files(file, file_name)
        if packed is None:
            name = base_name(file_name or "") or _usual_name(content_type)
            part = Part(name, lambda: limits.timed(chunks_of(file)))
            found: list[Records] = [open_records(part)]
            notes: tuple[str, ...] = ()
        else:
            found, notes = archived_records(packed, limits, now)
        limited = [replace(records, each=limits.counted(records.each)) for records in found]
        format_ = limited[0].format if packed is None else "archive"
        return _opened(limited, format_, notes, now, date_order, user_name)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """An uploaded file whose dialect is known; implements PostFile."""

    format: str
    dialect: Dialect
    encoding: str
    date_order: DateOrder | None
    unused_columns: tuple[str, ...]
    notes: tuple[str, ...]
    _now: datetime
    _records: tuple[tuple[Records, ReadingRules], ...]

    def posts(self) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file; see PostFile."""
        intake = PostIntake(self._now)
        for records, rules in self._records:
            intake = intake.under(rules)
            for where, record in records.each():
                if isinstance(record, str):
                    yield RejectedPost(where, record)
                else:
                    yield intake.take(record, where)


def _opened(
    found: Iterable[Records],
    format_: str,
    notes: tuple[str, ...],
    now: datetime,
    asked: DateOrder | None,
    user_name: str | None,
) -> OpenedFile:
    surveys = [(records, surveyed(records, now)) for records in found]
    ready: list[tuple[Records, ReadingRules]] = []
    for records, survey in surveys:
        order = survey.date_order(asked, records.dialect.date_order)
        ready.append((records, rules_of(records, survey, order, user_name)))
    first = ready[0][0]
    orders = [rules.order for (_, rules), (_, survey) in zip(ready, surveys, strict=True)
              if survey.order_rows]  # fmt: skip
    unused = dict.fromkeys(name for _, survey in surveys for name in survey.unused)
    return OpenedFile(
        format=format_,
        dialect=first.dialect.described(),
        encoding=first.encoding.removesuffix("-sig"),
        date_order=orders[0] if orders else None,
        unused_columns=tuple(unused),
        notes=(*notes, *(note for pair in surveys for note in _notes(*pair, user_name))),
        _now=now,
        _records=tuple(ready),
    )


def _notes(records: Records, survey: Survey, user_name: str | None) -> Iterator[str]:
    """Yield what people should know about one file that its counts do not show."""
    yield from records.notes
    if records.columns is not None and survey.ids_are_ruined():
        yield (
            "the ids in this file were rounded by a spreadsheet, so posts are told apart by time"
            " and text"
        )
    if len(survey.authors) > 1 and survey.own_author(user_name) is None:
        names = ", ".join(name for name, _ in survey.authors.most_common(_NAMES_SHOWN))
        yield (
            f"the file has posts by {len(survey.authors)} authors ({names}), and all were read as"
            " yours: send a file with only your own"
        )


def _usual_name(content_type: str | None) -> str:
    """Return a name that says of what kind a file is, where only its declared type does."""
    declared = (content_type or "").partition(";")[0].strip().lower()
    return "posts.csv" if declared.endswith(("csv", "tab-separated-values")) else "posts"
