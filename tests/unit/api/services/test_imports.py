"""An import keeps all that can be read of a file, or nothing of a broken one."""

import io
from collections.abc import Sequence

import pytest

from api.domain.posts import Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError, UnsupportedMediaError
from api.services.imports import Imports, Upload
from tests.support.fakes import FakeClock, FakeReader, MemoryStore
from tests.support.posts import posts

LINE = b'{"any": "line"}'
REJECTED = RejectedPost("line 9", "it has no date", "created_at")


def imports(
    store: MemoryStore, items: Sequence[Post | RejectedPost] = (), error: Exception | None = None
) -> Imports:
    return Imports(store, FakeReader(items, error), FakeClock(), max_bytes=100)


def upload(data: bytes = LINE) -> Upload:
    return Upload(io.BytesIO(data), "posts.jsonl", None)


def test_posts_are_kept_and_rejected_ones_reported_in_order() -> None:
    store = MemoryStore()
    service = imports(store, [REJECTED, *posts(3), REJECTED])

    report = service.import_posts("Alice", upload())

    assert (report.saved.created, report.total, report.skipped) == (3, 3, 2)
    assert report.skipped_reasons == (REJECTED, REJECTED)


def test_an_error_in_the_middle_leaves_what_was_there_before() -> None:
    store = MemoryStore()
    imports(store, posts(2)).import_posts("alice", upload())
    broken = imports(store, posts(5), UnreadableFileError("It breaks off."))

    with pytest.raises(UnreadableFileError):
        broken.import_posts("alice", upload())

    assert store.count_posts("alice") == 2


def test_a_file_without_any_post_creates_no_user() -> None:
    store = MemoryStore()

    report = imports(store, [REJECTED]).import_posts("alice", upload())

    assert (report.saved.created, report.skipped, report.total) == (0, 1, 0)
    assert store.user("alice") is None


def test_a_format_without_a_reader_is_not_read() -> None:
    with pytest.raises(UnsupportedMediaError):
        imports(MemoryStore()).import_posts("alice", upload(b"PK\x03\x04 a zip"))


def test_a_file_just_at_the_cap_is_taken_and_one_byte_more_is_not() -> None:
    service = imports(MemoryStore(), posts(1))

    service.import_posts("alice", upload(LINE.ljust(100)))

    with pytest.raises(PayloadTooLargeError, match="100 bytes"):
        service.import_posts("alice", upload(LINE.ljust(101)))


def test_a_long_import_says_in_the_log_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="api.services.imports")

    imports(MemoryStore(), [REJECTED] * 20_001).import_posts("alice", upload())

    assert [record.posts for record in caplog.records] == [10_000, 20_000]  # type: ignore[attr-defined]
