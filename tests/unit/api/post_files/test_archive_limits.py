"""An archive takes no more than the limits of an import, whatever it says of itself."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.domain.posts import Post, RejectedPost
from api.errors import MoodlineError, PayloadTooLargeError, UnreadableFileError
from api.post_files import limits, packed_files, survey
from api.post_files.opening import DialectPostFiles
from tests.contract.post_files.post_file_formats import NOW, opened, read
from tests.support.post_file_cases import tar_of, zip_of

PREFIX = b"window.YTD.tweets.part0 = "
POST = b'{"tweet": {"id": "%d", "full_text": "a walk", "created_at": "2024-01-02"}}'
TWEETS = PREFIX + b"[" + POST % 1 + b"]"
ROWS = b"id,text,created_at\n1,a walk,2024-01-02\n"


def with_empty_items(size: int, number: int = 1) -> bytes:
    """Return a script of so many bytes, of which a thousandth is left when it is packed."""
    return PREFIX + b"[" + POST % number + b",{}" * (size // 3) + b"]"


def overlapping(files: int, content: bytes) -> bytes:
    """Return a zip whose files each hold all files after them: a block of each quotes a header."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(content) + packer.flush()
    bodies: list[tuple[bytes, bytes, int]] = []
    for number in reversed(range(files)):
        name = b"posts%02d.csv" % number
        fields = struct.pack(
            "<5H3L2H", 20, 0, 8, 0, 0x21, zlib.crc32(content), len(data), len(content), len(name), 0
        )
        header = b"PK\x03\x04" + fields + name
        body = header + data
        bodies.append((fields, name, len(body)))
        quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)
        data, content = quote + body, header + content
    entries = b"".join(
        b"PK\x01\x02\x14\x00" + fields + struct.pack("<3H2L", 0, 0, 0, 0, len(body) - length) + name
        for fields, name, length in bodies
    )
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, files, files, len(entries), len(body), 0)
    return body + entries + tail


BOMBS = {
    "one file that shrinks to a thousandth": zip_of(
        {"data/tweets.js": with_empty_items(8 * 1024 * 1024 - 200)}
    ),
    "many files, each of which is small": zip_of(
        {f"data/tweets-part{each}.js": with_empty_items(900_000, each) for each in range(12)}
    ),
    "many names of the same bytes": overlapping(40, with_empty_items(100_000)),
    "a tar file": tar_of({"data/tweets.js": with_empty_items(8 * 1024 * 1024 - 200)}),
    "one packed file": gzip.compress(with_empty_items(8 * 1024 * 1024 - 200)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused_as_a_whole(
    bomb: bytes,
) -> None:
    with pytest.raises(MoodlineError, match=r"100 times its packed size|damaged"):
        read(bomb)


def test_an_archive_that_shrinks_much_is_read_where_it_is_small() -> None:
    [post, *_] = read(zip_of({"data/tweets.js": with_empty_items(30_000)}))

    assert isinstance(post, Post)


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar.gz"])
def test_an_archive_of_more_files_than_are_looked_at_is_refused(
    pack: Callable[[Mapping[str, bytes]], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {"data/tweets.js": TWEETS} | {f"data/media/{each}": b"" for each in range(49)}
    monkeypatch.setattr(limits, "MAX_ENTRIES", 50)
    assert len(read(pack(members))) == 1

    with pytest.raises(PayloadTooLargeError, match=r"more than 50 files.*tweets\.js"):
        read(pack({**members, "data/one more": b""}))


def test_a_zip_of_too_many_files_is_refused_before_any_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("an object was made for each file")

    monkeypatch.setattr(packed_files.zipfile, "ZipFile", never)
    entries = b"PK\x01\x02" * (limits.MAX_ENTRIES + 1)

    with pytest.raises(PayloadTooLargeError, match="100,000 files"):
        read(b"PK\x03\x04" + entries)


def test_entries_are_counted_where_one_lies_across_two_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_files, "_COUNTED_BYTES", 7)
    monkeypatch.setattr(limits, "MAX_ENTRIES", 9)

    with pytest.raises(PayloadTooLargeError, match="9 files"):
        read(zip_of({f"{each}.txt": b"x" for each in range(10)}))


def test_an_archive_of_more_scripts_than_x_makes_is_refused() -> None:
    names = [f"data/tweets-part{each}.js" for each in range(limits.MAX_SCRIPTS + 1)]

    with pytest.raises(PayloadTooLargeError, match="500 scripts"):
        read(zip_of(dict.fromkeys(names, TWEETS)))


@pytest.mark.parametrize("content", [ROWS + b"2,b,2024-01-02\n" * 9, with_empty_items(30)])
def test_a_file_of_too_many_items_is_refused_however_few_can_be_read(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_ITEMS", 11)
    assert len(read(content)) >= 10

    monkeypatch.setattr(limits, "MAX_ITEMS", 9)
    with pytest.raises(PayloadTooLargeError, match=r"more than 9 rows or items.*nothing.*in parts"):
        read(content)


def test_a_file_of_hardly_anything_but_items_without_any_field_of_a_post_is_soon_refused() -> None:
    items = with_empty_items(3 * survey.MOST_WITHOUT_FIELDS + 30)

    with pytest.raises(
        UnreadableFileError, match=r"20,001 of the first 20,002 .* no field of a post"
    ):
        opened(items)


def test_items_of_all_files_in_an_archive_count_together_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = zip_of(
        {f"data/tweets-part{each}.js": PREFIX + b"[" + POST % each + b"]" for each in range(4)}
    )
    monkeypatch.setattr(limits, "MAX_ITEMS", 4)
    file = opened(archive)
    assert len(list(file.posts())) == len(list(file.posts())) == 4

    monkeypatch.setattr(limits, "MAX_ITEMS", 3)
    with pytest.raises(PayloadTooLargeError, match="more than 3 rows"):
        opened(archive)


@pytest.mark.parametrize("content", [ROWS, TWEETS, zip_of({"data/tweets.js": TWEETS})])
def test_a_file_that_takes_too_long_is_refused_with_the_limit_that_it_passed(
    content: bytes,
) -> None:
    seconds: Iterator[float] = iter([0.0, *[limits.MAX_SECONDS] * 3, *[301.0] * 100])
    files = DialectPostFiles(lambda: NOW, lambda: next(seconds))

    with pytest.raises(PayloadTooLargeError, match=r"300 seconds of processor time.*in parts"):
        list(files.open(io.BytesIO(content), None, None, None).posts())


# Names


def repeated(pack: str) -> bytes:
    """Return an archive with two files of one name, of which each has another post."""
    contents = [PREFIX + b"[" + POST % number + b"]" for number in (1, 2)]
    out = io.BytesIO()
    if pack == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("data/tweets.js", contents[0])
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("data/tweets.js", contents[1])
    else:
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for content in contents:
                member = tarfile.TarInfo("data/tweets.js")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("pack", ["zip", "tar.gz"])
def test_of_two_files_of_one_name_the_last_counts_and_the_report_names_it(pack: str) -> None:
    file = opened(repeated(pack))

    assert [post.post_id for post in file.posts() if isinstance(post, Post)] == ["2"]
    assert file.notes == (
        "the archive has 2 files with the name data/tweets.js: only the last one counts, as when it"
        " is unpacked",
    )


def test_files_beyond_those_that_are_read_are_counted_in_the_report() -> None:
    notes = opened(zip_of({f"{each}.csv": ROWS for each in range(53)})).notes

    assert any(note.startswith("3 more files that may hold posts") for note in notes)


def test_a_report_names_a_few_of_very_many_files_that_are_not_read() -> None:
    others = {f"{each}/like.js": b"x" for each in range(3)} | {
        f"data/{'_' * each}like.js": b"x" for each in range(80)
    }

    notes = opened(zip_of({"data/tweets.js": TWEETS, **others})).notes

    assert len(notes) == 51
    assert notes[-1] == "30 more files are not read"


def test_a_very_long_name_is_cut_where_it_is_shown() -> None:
    [item] = read(zip_of({"a" * 3_000 + ".jsonl": b'{"text": "a", "created_at": "then"}'}))

    assert isinstance(item, RejectedPost)
    assert len(item.where) < 200


# Tar files


def test_a_tar_file_is_unpacked_once_however_often_its_files_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unpacked = 0
    plain = packed_files._Limited.read

    def counting(self: packed_files._Limited, size: int = -1) -> bytes:
        nonlocal unpacked
        chunk = plain(self, size)
        unpacked += len(chunk)
        return chunk

    monkeypatch.setattr(packed_files._Limited, "read", counting)
    members = {f"{each}.csv": ROWS + b" " * 40_000 for each in range(20)}

    assert len(read(tar_of(members))) == 20
    assert unpacked < 2 * sum(map(len, members.values()))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_tar_file_with_a_huge_header_is_refused_without_reading_the_header(kind: bytes) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        header = tarfile.TarInfo("h")
        header.type, header.size = kind, 64 * 1024
        tar.addfile(header, io.BytesIO(b"1" * header.size))

    with pytest.raises(MoodlineError, match="damaged"):
        read(out.getvalue())


def test_a_file_with_holes_in_a_tar_file_is_not_read_however_large_it_says_it_is() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        member = tarfile.TarInfo("posts.csv")
        member.type = tarfile.GNUTYPE_SPARSE
        tar.addfile(member)

    with pytest.raises(MoodlineError):
        read(out.getvalue())


# Any bytes


PIECES = st.sampled_from([
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff" * 8,
    b"\x00" * 22,
    b"\x1f\x8b\x08", b"ustar", b"data/tweets.js", b"\xff\xff\xff\x7f",
])  # fmt: skip


@given(
    st.sampled_from([zip_of({"data/tweets.js": TWEETS, "b.csv": ROWS}), tar_of({"b.csv": ROWS})]),
    st.lists(st.tuples(st.integers(0, 700), PIECES, st.booleans()), min_size=1, max_size=4),
)
@example(b"PK\x05\x06", [])
@settings(max_examples=150, deadline=None)
def test_an_archive_with_any_bytes_changed_is_read_or_refused_with_words(
    archive: bytes, changes: list[tuple[int, bytes, bool]]
) -> None:
    changed = bytearray(archive)
    for at, piece, inserted in changes:
        changed[at : at if inserted else at + len(piece)] = piece
    with suppress(MoodlineError):
        read(bytes(changed))
