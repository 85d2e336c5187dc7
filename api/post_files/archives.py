"""Find the files of posts in an archive, and say what of the rest is not read and why."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from api.errors import PayloadTooLargeError, UnreadableFileError, UnsupportedMediaError
from api.post_files.dialect_files import dialect_files, named
from api.post_files.limits import MAX_SCRIPTS, ImportLimits
from api.post_files.long_posts import LongPosts
from api.post_files.packed_files import PackedFiles, base_name, shown_name
from api.post_files.post_records import Part, Record, Records, open_records

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
_MOST_NOTES = 50
_NAMES_SHOWN = 5
# No system that files are packed on takes a longer path.
_LONGEST_PATH = 4096


def archived_records(
    packed: PackedFiles, limits: ImportLimits, now: datetime
) -> tuple[list[Records], tuple[str, ...]]:
    """Return the records of an archive's files, and what people should know of the others.

    Raises as open_records does, and PayloadTooLargeError past the limits of an import.
    """
    return _Archive(packed, limits, now).records()


class _Archive:
    def __init__(self, packed: PackedFiles, limits: ImportLimits, now: datetime) -> None:
        self._packed = packed
        self._limits = limits
        self._now = now
        found = Counter(
            name
            for name in packed.names()
            if len(name) <= _LONGEST_PATH and not _NOT_SENT.match(name)
        )
        self._names = list(found)
        self._times = found

    def records(self) -> tuple[list[Records], tuple[str, ...]]:
        """Return what archived_records does."""
        if any(name.startswith(_OFFICE) for name in self._names):
            raise UnsupportedMediaError(
                "This is a file of an office program, such as Excel. Save the sheet with your posts"
                " as CSV."
            )
        posts, long_posts = _scripts_in(self._names)
        if len(posts) + len(long_posts) > MAX_SCRIPTS:
            raise PayloadTooLargeError(
                f"The archive has more than {MAX_SCRIPTS} scripts of posts. Send it in parts."
            )
        records, notes = self._of_x(posts, long_posts) if posts else self._of_others()
        told = dict.fromkeys(notes)
        shown = [*self._repeated(), *list(told)[:_MOST_NOTES]]
        if len(told) > _MOST_NOTES:
            shown.append(f"{len(told) - _MOST_NOTES} more files are not read")
        return records, tuple(shown)

    def _of_x(self, posts: list[str], long_posts: list[str]) -> tuple[list[Records], list[str]]:
        """Return the records of an X archive's scripts, with the long posts put in."""
        whole = LongPosts(self._now)
        for name in long_posts:
            notes = open_records(self._part(name), of_long_posts=True)
            for _, record in self._limits.counted(notes.each)():
                whole.add(record)
        records = [
            _with_long_posts(open_records(self._part(name)), whole)
            for name in posts
            if not _is_empty(self._packed, name)
        ]
        if not records:
            raise UnreadableFileError("The scripts of posts in this archive hold no posts.")
        dialect = named("x_archive")
        left = [
            f"{base_name(name)} is not read: {reason.partition('. ')[0].rstrip('.')}"
            for name in self._names
            if not _NOTE_SCRIPT.fullmatch(name)
            and (reason := dialect.refusal_of_script(base_name(name).removesuffix(".js")))
        ]
        return records, left

    def _of_others(self) -> tuple[list[Records], list[str]]:
        """Return the records of every file that a dialect or else any export tool writes."""
        names = self._names
        patterns = [re.compile(member) for each in dialect_files() for member in each.members]
        known = [name for name in names if any(pattern.fullmatch(name) for pattern in patterns)]
        candidates = known or [name for name in names if name.lower().endswith(_READABLE)]
        if not candidates and len(names) == 1 and not names[0].lower().endswith(_PACKED):
            candidates = names
        records: list[Records] = []
        refusals: list[str] = []
        for name in sorted(candidates)[:_MOST_FILES]:
            try:
                records.append(open_records(self._part(name)))
            except (UnreadableFileError, UnsupportedMediaError) as error:
                refusals.append(f"{base_name(name)} is not read: {error.detail}")
        if len(candidates) > _MOST_FILES:
            refusals.append(
                f"{len(candidates) - _MOST_FILES} more files that may hold posts are not read: of"
                f" an archive {_MOST_FILES} are. Send the others in another archive"
            )
        # Beside a known export, a file that only looks like posts may be messages to one person.
        if known and (others := len(names) - len(candidates)):
            refusals.append(
                f"{others} other files in the archive are not read: none is known to hold posts of"
                " yours"
            )
        specific = [each for each in records if not each.dialect.name.startswith("plain")]
        if specific:
            refusals += [
                f"{each.part.name} is not read: it is not known to hold your posts"
                for each in records
                if each not in specific
            ]
        if not records:
            raise UnreadableFileError(_why_nothing_is_read(names, refusals))
        return specific or records, refusals

    def _part(self, name: str) -> Part:
        return Part(
            base_name(name), lambda: self._limits.timed(self._packed.chunks(name)), in_archive=True
        )

    def _repeated(self) -> Iterator[str]:
        """Yield a note on paths that several files have, of which unpacking leaves the last."""
        paths = [name for name, times in self._times.items() if times > 1]
        for path in paths[:_NAMES_SHOWN]:
            yield (
                f"the archive has {self._times[path]} files with the name {shown_name(path)}: only"
                " the last one counts, as when it is unpacked"
            )
        if len(paths) > _NAMES_SHOWN:
            yield f"{len(paths) - _NAMES_SHOWN} more names are those of several files"


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
