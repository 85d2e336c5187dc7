"""An import keeps all that can be read of a file, or nothing of a broken one."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from api.domain.imports import DateOrder
from api.domain.posts import Ownership, Post, RejectedPost, Skip
from api.errors import (
    AmbiguousDatesError,
    PayloadTooLargeError,
    UnreadableFileError,
    UnsupportedMediaError,
)
from api.services.imports import ImportReport, Imports, Upload
from tests.support.fakes import FakeClock, FakePostFiles, MemoryStore
from tests.support.posts import posts

LINE = b'{"any": "line"}'
REJECTED = RejectedPost("line 9", "it has no date", "created_at")
DUPLICATE = RejectedPost("line 4", "the same as line 2", kind=Skip.DUPLICATE)
EDITED = RejectedPost("line 5", "line 6 is its later version", kind=Skip.EDITED)
LEFT_OUT = RejectedPost("line 7", "it is a repost without its text", kind=Skip.LEFT_OUT)


def imports(
    store: MemoryStore, items: Sequence[Post | RejectedPost] = (), error: Exception | None = None
) -> Imports:
    return Imports(store, FakePostFiles(items, error), FakeClock(), max_bytes=100)


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


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("items", "error"),
    [([REJECTED], None), (posts(5), UnreadableFileError("It breaks off."))],
    ids=["without any post", "that breaks off after some posts"],
)
def test_a_file_from_which_nothing_is_saved_creates_no_user(
    items: Sequence[Post | RejectedPost], error: Exception | None, dry_run: bool
) -> None:
    store = MemoryStore()
    service = imports(store, items, error)

    if error:
        with pytest.raises(UnreadableFileError):
            service.import_posts("alice", upload(), dry_run=dry_run)
    else:
        report = service.import_posts("alice", upload(), dry_run=dry_run)
        assert (report.saved.created, report.skipped, report.total) == (0, 1, 0)

    assert store.user("alice") is None


def test_a_file_is_read_once_for_a_new_user() -> None:
    files = FakePostFiles(posts(2))
    service = Imports(MemoryStore(), files, FakeClock(), max_bytes=100)

    service.import_posts("alice", upload())

    assert files.opened.times_read == 1


def test_a_report_says_what_was_understood() -> None:
    own, shared, liked, fourth = posts(4)
    shared = replace(shared, ownership=Ownership.SHARED)
    liked = replace(liked, ownership=Ownership.LIKED, own_word="rad")
    items = [own, shared, DUPLICATE, EDITED, liked, LEFT_OUT, fourth, REJECTED, DUPLICATE]

    report = imports(MemoryStore(), items).import_posts("alice", upload())

    assert (report.dialect.name, report.format, report.encoding) == ("letters", "fake", "utf-8")
    assert (report.own, report.shared, report.liked) == (2, 1, 1)
    assert report.first_posts == (own, shared, liked)
    assert (report.duplicates, report.edits) == (2, 1)
    assert (report.skipped, report.skipped_reasons) == (2, (LEFT_OUT, REJECTED))
    assert report.unused_columns == ("stamp",)
    assert report.notes == ("photo.jpg is not read.",)


def test_duplicates_and_edits_of_stored_posts_are_counted_with_those_in_the_file() -> None:
    store = MemoryStore()
    stored, later, *_ = posts(2)
    imports(store, [stored]).import_posts("alice", upload())
    again = replace(stored, post_id="0" * 32)  # made from time and text
    edited = replace(later, earlier_ids=(stored.post_id,))

    copies = imports(store, [again, DUPLICATE]).import_posts("alice", upload())
    edits = imports(store, [edited, EDITED]).import_posts("alice", upload())

    assert (copies.duplicates, copies.edits, copies.total) == (2, 0, 1)
    assert (edits.duplicates, edits.edits, edits.total) == (0, 2, 1)


@pytest.mark.parametrize("stored", [0, 2, 3])
def test_a_dry_run_reports_the_same_as_the_import_and_stores_nothing(stored: int) -> None:
    store = MemoryStore()
    if stored:
        imports(store, posts(stored)).import_posts("alice", upload())
    changed = replace(posts(1)[0], text="another text")
    edited = replace(posts(1, start=8)[0], earlier_ids=("1",))
    service = imports(store, [changed, edited, *posts(4, start=2), REJECTED])

    dry = service.import_posts("alice", upload(), dry_run=True)
    kept = store.export_user("alice") if store.user("alice") else None
    real = service.import_posts("alice", upload())

    assert dry.dry_run
    assert dry == replace(real, dry_run=True, total=stored)
    assert (kept is None) == (stored == 0)
    assert kept is None or len(kept["posts"]) == stored


def test_dates_of_either_order_are_refused_until_the_caller_says_which() -> None:
    service = imports(MemoryStore(), posts(1))
    file = b"dates of either order"

    with pytest.raises(AmbiguousDatesError):
        service.import_posts("alice", upload(file))
    report: ImportReport = service.import_posts(
        "alice", upload(file), date_order=DateOrder.DAY_FIRST
    )

    assert report.date_order is DateOrder.DAY_FIRST


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


def test_a_file_that_would_give_a_user_too_many_posts_is_refused_and_nothing_of_it_stored() -> None:
    store = MemoryStore()
    ten = replace(imports(store, posts(10)), max_posts=10)
    ten.import_posts("alice", upload())

    with pytest.raises(PayloadTooLargeError, match=r"1 new posts.*more than 10"):
        replace(imports(store, posts(11)), max_posts=10).import_posts("alice", upload())

    assert store.count_posts("alice") == 10


@pytest.mark.parametrize("dry_run", [True, False])
def test_posts_that_are_stored_already_need_no_room(dry_run: bool) -> None:
    store = MemoryStore()
    imports(store, posts(8)).import_posts("alice", upload())

    report = replace(imports(store, posts(10)), max_posts=10).import_posts(
        "alice", upload(), dry_run=dry_run
    )

    assert (report.saved.created, report.saved.unchanged, report.own) == (2, 8, 10)
    assert report.total == (8 if dry_run else 10)
