"""Open an uploaded file: recognise its dialect, survey it, and yield its posts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import Post, RejectedPost
from api.errors import UnreadableFileError, UnsupportedMediaError
from api.intake.post_fields import PostIntake, ReadingRules
from api.ports.clock import Clock
from api.post_files.dialect_files import dialect_files, named
from api.post_files.encodings import chunks_of
from api.post_files.long_posts import LongPosts
from api.post_files.packed_files import PackedFiles, base_name, packed_files
from api.post_files.post_records import Part, Record, Records, open_records
from api.post_files.survey import Survey, rules_of, surveyed

_FOLDER = r"(?P<folder>(?:.*[/\\])?)"
_POST_SCRIPT = re.compile(
    _FOLDER + r"(?:(?:tweets?|community-tweet|twitter-circle-tweet)(?:-part[0-9]+)?"
    r"|js[/\\]tweets[/\\][0-9]{4}_[0-9]{2})\.js"
)
_NOTE_SCRIPT = re.compile(_FOLDER + r"note-tweet(?:-part[0-9]+)?\.js")
# What the Finder of macOS adds to a folder that it packs, and hidden files.
_NOT_SENT = re.compile(r"(?:.*/)?(?:__MACOSX/|\.[^/]*$)")
_READABLE = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".js", ".car")
_PACKED = (".zip", ".gz", ".tgz", ".7z", ".rar", ".tar")
_OFFICE = ("xl/", "word/", "ppt/", "META-INF/manifest.xml", "Index/Document.iwa")
_MOST_FILES = 50
_NAMES_SHOWN = 5


class DialectPostFiles:
    """Every dialect that is read; implements PostFiles."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

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
        packed = packed_files(file, file_name)
        if packed is None:
            name = base_name(file_name or "") or _usual_name(content_type)
            part = Part(name, lambda: chunks_of(file))
            return _opened([open_records(part)], None, (), now, date_order, user_name)
        records, notes = _records_in(packed, now)
        return _opened(records, "archive", notes, now, date_order, user_name)


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
    format_: str | None,
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
        format=format_ or first.format,
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


# Archives


def _records_in(packed: PackedFiles, now: datetime) -> tuple[list[Records], tuple[str, ...]]:
    """Return the records of an archive's files, and what people should know of the others."""
    names = [name for name in packed.names() if not _NOT_SENT.match(name)]
    if any(name.startswith(_OFFICE) for name in names):
        raise UnsupportedMediaError(
            "This is a file of an office program, such as Excel. Save the sheet with your posts as"
            " CSV."
        )
    posts, notes = _scripts_in(names)
    if posts:
        return _x_archive(packed, posts, notes, names, now)
    return _other_archive(packed, names)


def _scripts_in(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the paths of an X archive's scripts of posts and of long posts, in their order.

    An archive that was unpacked and packed again lies in a folder of its own, which is taken too.
    Raises UnreadableFileError where there are those of more than one archive.
    """
    posts: dict[str, set[str]] = {}
    notes: dict[str, set[str]] = {}
    for name in names:
        for pattern, found in ((_POST_SCRIPT, posts), (_NOTE_SCRIPT, notes)):
            if match := pattern.fullmatch(name):
                found.setdefault(match["folder"], set()).add(name)
    if len(posts) > 1:
        raise UnreadableFileError(
            "This zip holds the tweets.js of more than one archive. Send each archive by itself."
        )
    if not posts:
        return [], []
    folder, found_posts = posts.popitem()
    return sorted(found_posts, key=_part_order), sorted(notes.get(folder, ()), key=_part_order)


def _part_order(name: str) -> tuple[bool, int, str]:
    """Sort posts before those of communities, part 2 before part 10, the one without part first."""
    return not base_name(name).startswith("tweet"), len(name), name


def _x_archive(
    packed: PackedFiles, posts: list[str], notes: list[str], names: list[str], now: datetime
) -> tuple[list[Records], tuple[str, ...]]:
    long_posts = LongPosts(now)
    for name in notes:
        for _, record in open_records(_part(packed, name), of_long_posts=True).each():
            long_posts.add(record)
    records = [
        _with_long_posts(open_records(_part(packed, name)), long_posts)
        for name in posts
        if not _is_empty(packed, name)
    ]
    if not records:
        raise UnreadableFileError("The scripts of posts in this archive hold no posts.")
    dialect = named("x_archive")
    left = [
        f"{base_name(name)} is not read: {reason.partition('. ')[0].rstrip('.')}"
        for name in names
        if not _NOTE_SCRIPT.fullmatch(name)
        and (reason := dialect.refusal_of_script(base_name(name).removesuffix(".js")))
    ]
    return records, tuple(left)


def _is_empty(packed: PackedFiles, name: str) -> bool:
    """Return whether a script has no items at all, as that of a feature which was never used."""
    head = b""
    for chunk in packed.chunks(name):
        head += chunk
        if len(head) > 256:
            return False
    return head.partition(b"=")[2].strip(b" \t\r\n;") in (b"[]", b"[ ]", b"")


def _with_long_posts(records: Records, long_posts: LongPosts) -> Records:
    def each() -> Iterator[Record]:
        for where, record in records.each():
            yield where, record if isinstance(record, str) else long_posts.complete(record)

    return replace(records, each=each)


def _other_archive(packed: PackedFiles, names: list[str]) -> tuple[list[Records], tuple[str, ...]]:
    """Return the records of every file that a dialect or else any export tool writes."""
    patterns = [re.compile(member) for each in dialect_files() for member in each.members]
    known = [name for name in names if any(pattern.fullmatch(name) for pattern in patterns)]
    candidates = known or [name for name in names if name.lower().endswith(_READABLE)]
    if not candidates and len(names) == 1 and not names[0].lower().endswith(_PACKED):
        candidates = names
    records: list[Records] = []
    refusals: list[str] = []
    for name in sorted(candidates)[:_MOST_FILES]:
        try:
            records.append(open_records(_part(packed, name)))
        except (UnreadableFileError, UnsupportedMediaError) as error:
            refusals.append(f"{base_name(name)} is not read: {error.detail}")
    # Beside a known export, a file that only looks like posts may be messages to one person.
    if known and (others := len(names) - len(candidates)):
        refusals.append(f"{others} other files in the archive are not read: none is known to hold"
                        " posts of yours")  # fmt: skip
    specific = [each for each in records if not each.dialect.name.startswith("plain")]
    if specific:
        refusals += [f"{each.part.name} is not read: it is not known to hold your posts"
                     for each in records if each not in specific]  # fmt: skip
    if not records:
        raise UnreadableFileError(_why_nothing_is_read(names, refusals))
    return specific or records, tuple(refusals)


def _why_nothing_is_read(names: list[str], refusals: list[str]) -> str:
    inner = next((base_name(name) for name in names if name.lower().endswith(_PACKED)), None)
    if inner:
        return f"There is an archive inside this archive: unpack it and send {inner}."
    if len(refusals) == 1:
        return f"Of this archive, {refusals[0]}"
    if any(name.lower().endswith((".html", ".htm")) for name in names) and not refusals:
        return (
            "This archive has web pages (HTML) and no file of posts that is read here. Ask for the"
            " export in the JSON format."
        )
    shown = ", ".join(base_name(name) for name in names[:_NAMES_SHOWN]) or "nothing"
    return (
        "This zip is no X archive: it holds no data/tweets.js. Nor does it hold another file of"
        f" posts that is read here; it holds {shown}. Send the file with your posts by itself."
    )


def _part(packed: PackedFiles, name: str) -> Part:
    return Part(base_name(name), lambda: packed.chunks(name), in_archive=True)


def _usual_name(content_type: str | None) -> str:
    """Return a name that says of what kind a file is, where only its declared type does."""
    declared = (content_type or "").partition(";")[0].strip().lower()
    return "posts.csv" if declared.endswith(("csv", "tab-separated-values")) else "posts"
