"""Every dialect has a case at least, and each case is read as stated beside it."""

import io
from collections.abc import Callable

import pytest

from api.domain.posts import Post
from api.post_files.dialect_files import dialect_files
from tests.support.import_formats_document import PATH, document
from tests.support.post_file_cases import FILES, Case, cases, tar_of, understood, zip_of

NAMES = [case.path.name for case in cases()]


@pytest.mark.parametrize("case", cases(), ids=NAMES)
def test_a_case_is_read_as_stated(case: Case) -> None:
    found = understood(case.content(), case.path.name)
    assert found == case.expected, f"write {case.path.name}.expected.json once this is right"


@pytest.mark.parametrize("dialect", dialect_files(), ids=lambda dialect: dialect.name)
def test_every_dialect_has_a_case_that_it_is_recognised_in(dialect: object) -> None:
    name = dialect.name  # type: ignore[attr-defined]
    title = dialect.title  # type: ignore[attr-defined]
    own = [case for case in cases() if case.dialect == name]
    assert own, f"add tests/contract/post_files/cases/{name}.EXT and {name}.EXT.expected.json"
    for case in own:
        assert case.expected.get("dialect") == name or title in case.expected["refused"]


def test_no_case_belongs_to_an_unknown_dialect() -> None:
    assert {case.dialect for case in cases()} <= {each.name for each in dialect_files()}


def _texts(content: bytes, file_name: str) -> list[str]:
    opened = FILES.open(io.BytesIO(content), file_name, None, None)
    posts = [post for post in opened.posts() if isinstance(post, Post)]
    return [post.text.replace("\r\n", "\n") for post in posts]


def _with_mark(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content.removeprefix(b"\xef\xbb\xbf")


def _as_utf16(content: bytes) -> bytes:
    return content.decode("utf-8-sig").encode("utf-16")


def _as_utf16_without_mark(content: bytes) -> bytes:
    return content.decode("utf-8-sig").encode("utf-16-le")


def _with_windows_line_ends(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


SAVED = [_with_mark, _as_utf16, _as_utf16_without_mark, _with_windows_line_ends]
READ = [case for case in cases() if case.path.is_file() and "posts" in (case.expected or ())]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.path.name)
@pytest.mark.parametrize("saved", SAVED, ids=lambda saved: saved.__name__)
def test_a_file_reads_the_same_however_it_was_saved(
    case: Case, saved: Callable[[bytes], bytes]
) -> None:
    assert _texts(saved(case.content()), case.path.name) == _texts(case.content(), case.path.name)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.path.name)
@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar.gz"])
def test_a_file_that_somebody_packed_reads_the_same(
    case: Case, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    name = f"my posts/{case.path.name}"
    packed = pack({name: case.content(), f"my posts/__MACOSX/._{case.path.name}": b"\0\5\26\7"})
    assert _texts(packed, "packed") == _texts(case.content(), case.path.name)


@pytest.mark.parametrize("case", cases(), ids=NAMES)
def test_a_file_is_recognised_without_its_name(case: Case) -> None:
    assert understood(case.content(), "upload.bin") == case.expected


def test_the_document_of_import_formats_is_current() -> None:
    assert PATH.read_text("utf-8") == document(), (
        "write it anew: python -m tests.support.import_formats_document"
    )
