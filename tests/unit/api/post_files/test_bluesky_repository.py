"""A Bluesky repository may hold anything: it is read by the rules or refused, in linear work."""

from collections.abc import Callable
from typing import Any

import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import UnreadableFileError
from api.post_files import bluesky_repository as reader
from tests.contract.post_files.test_dialect_fuzz import check
from tests.support.growth import MOST_PER_DOUBLING, growth
from tests.support.post_file_cases import bluesky_repository, car_of

POST = "app.bsky.feed.post"
RECORD = {"$type": POST, "text": "a walk", "createdAt": "2024-01-02T03:04:05Z", "langs": ["en"]}

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    | st.sampled_from([POST, "app.bsky.feed.like", "at://a/b/c", "2024-01-02", "\x00", "0001-01"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(["k", "p", "v", "t"]), VALUES, max_size=4) | VALUES, max_size=4
)
FIELDS = st.sampled_from([*RECORD, "e", "facets", "reply", "embed", "tags", "labels"])
BLOCKS = (
    st.dictionaries(FIELDS, VALUES, max_size=5).map(lambda changes: RECORD | changes)
    | st.fixed_dictionaries({"e": ENTRIES})
    | VALUES
)


def read(content: bytes) -> list[Any]:
    """Read all that is in a repository, as the import does."""
    _, records = reader.repository_records(lambda: iter([content]))
    return list(records())


@settings(max_examples=100, deadline=None)
@given(st.lists(BLOCKS, max_size=5))
def test_blocks_of_any_values_are_read_by_the_rules_or_refused_with_words(
    blocks: list[Any],
) -> None:
    check(car_of([libipld.encode_dag_cbor(block) for block in blocks]), "repo.car", None)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_bytes_are_read_or_refused_with_words(data: st.DataObject) -> None:
    content = bytearray(bluesky_repository({f"{POST}/3k2a": RECORD, f"{POST}/3k2b": RECORD}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))

    check(bytes(content), "repo.car", None)


def test_arrays_in_arrays_without_end_are_damage_and_no_crash() -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read(car_of([b"\x81" * 1_900_000 + b"\x01"]))


def a_node(entries: int, *, shared: int, rest: int) -> bytes:
    """Return a node whose keys each share so many bytes with the one before."""
    first = f"{POST}/".encode() + b"k" * shared
    return libipld.encode_dag_cbor({
        "e": [
            {"p": 0 if n == 0 else shared, "k": first if n == 0 else b"k" * rest,
             "v": n.to_bytes(36, "big"), "t": None}
            for n in range(entries)
        ]
    })  # fmt: skip


BUILT: dict[str, Callable[[int], bytes]] = {
    "posts": lambda n: bluesky_repository({f"{POST}/{k:013}": RECORD for k in range(n)}),
    "blocks of one byte": lambda n: car_of([b"\x01"] * n * 8),
    "entries of one node": lambda n: car_of([a_node(n, shared=30, rest=3)]),
    "entries with long keys": lambda n: car_of([a_node(n, shared=200, rest=3)]),
    "nodes without entries": lambda n: car_of([libipld.encode_dag_cbor({"e": []})] * n * 8),
    "one long text": lambda n: bluesky_repository(
        {f"{POST}/3k2a": {**RECORD, "text": "a" * n * 99}}
    ),
}


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_twice_the_repository_takes_at_most_two_and_a_half_times_as_long(
    build: Callable[[int], bytes],
) -> None:
    files = {size: build(size) for size in (500, 4_000)}

    assert growth(lambda size: read(files[size]), 500) <= MOST_PER_DOUBLING


def test_keys_that_share_much_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MAX_KEY_CHARACTERS", 100_000)
    small = a_node(2_000, shared=900, rest=3)

    with pytest.raises(UnreadableFileError, match="more records than are read here"):
        read(car_of([small]))


def test_a_repository_is_read_alike_however_its_bytes_come() -> None:
    content = bluesky_repository({f"{POST}/{k:013}": RECORD for k in range(20)})
    _, whole = reader.repository_records(lambda: iter([content]))
    _, cut = reader.repository_records(
        lambda: (content[at : at + 7] for at in range(0, len(content), 7))
    )

    assert list(cut()) == list(whole())
    assert len(list(whole())) == 20
