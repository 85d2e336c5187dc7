"""docs/import-formats.md, made of the files of `api/post_files/dialects` and of their cases.

Write it anew with `python -m tests.support.import_formats_document`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from api.post_files.dialect_files import DialectFile, dialect_files
from tests.support.post_file_cases import FOLDER, cases

PATH = Path(__file__).parents[2] / "docs" / "import-formats.md"

_CASES = FOLDER.relative_to(PATH.parents[1]).as_posix()
_TOP = f"""# Import formats

Files of posts that can be imported, one dialect each. A dialect is one file in
`api/post_files/dialects/` and one case at least in `{_CASES}/`,
with what must be read from it beside it. `GET /v1/import-formats` answers the same list.

This page is made of those files: `python -m tests.support.import_formats_document` writes it anew,
and a test fails while it is out of date. Names of columns and keys are compared without case,
blanks and punctuation: `Tweet Id`, `tweet_id` and `tweetId` are one name, and
`public_metrics.like_count` is a column of that name, a key of that name, or `like_count` in the
object `public_metrics`. Counts are also found under the names of other exports. Every file may be
UTF-8, UTF-16 or of a single-byte encoding, and packed as zip, tar.gz or gz.

| dialect | recognised by | what is read | what is not | where to get it | cases |
| --- | --- | --- | --- | --- | --- |
"""
_REFUSED = """
## Recognised, and refused with the reason

| file | recognised by | answer | case |
| --- | --- | --- | --- |
"""
_SCRIPTS = """
Scripts of an X archive that hold no posts of yours:

| script | answer |
| --- | --- |
"""


def document() -> str:
    """Return the text of the document."""
    read = [each for each in dialect_files() if not each.refused]
    refused = [each for each in dialect_files() if each.refused]
    scripts = [
        (f"`{name.replace('_', '-')}.js`", reason)
        for each in read
        for name, reason in each.refused_scripts.items()
    ]
    return "".join([
        _TOP,
        *_rows(map(_read, read)),
        _REFUSED,
        *_rows(map(_refused, refused)),
        _SCRIPTS,
        *_rows(scripts),
    ])  # fmt: skip


def _read(dialect: DialectFile) -> tuple[str, ...]:
    words = dialect.described()
    return (
        f"`{words.name}`<br>{words.title}",
        words.recognised_by,
        "<br>".join(map(_field, words.read)),
        "<br>".join(words.not_read) or "–",
        words.where_to_get,
        _case_names(dialect),
    )


def _field(words: str) -> str:
    name, colon, names = words.partition(": ")
    return f"**{name}** {names.replace('<key>', '(first key)')}" if colon else words


def _refused(dialect: DialectFile) -> tuple[str, ...]:
    words = dialect.described()
    return words.title, words.recognised_by, dialect.refused or "", _case_names(dialect)


def _case_names(dialect: DialectFile) -> str:
    return "<br>".join(f"`{case.path.name}`" for case in cases() if case.dialect == dialect.name)


def _rows(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(document(), "utf-8")
