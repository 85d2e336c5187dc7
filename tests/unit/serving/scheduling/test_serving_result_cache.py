"""Results that are kept for texts that come again, and requests that are answered from them."""

import asyncio
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.scheduling.result_cache import ENTRY_BYTES, LONGEST_TEXT, ResultCache
from tests.support.serving.by_hand import (
    BAD,
    Caller,
    FakeScheduler,
    application,
    in_event_loop,
    until,
)


class Notes:
    def __init__(self) -> None:
        self.told: list[tuple[int, int, int]] = []

    def looked_up(self, hits: int, misses: int, entries: int) -> None:
        self.told.append((hits, misses, entries))


def answer(cache: ResultCache, *texts: str) -> list[bytes | None]:
    """Classify what the cache does not know; an item is its text."""
    found = cache.look_up(texts)
    return cache.fill(found, [text.encode() for text in found.missing])


def test_a_text_that_came_before_is_not_missing() -> None:
    notes = Notes()
    cache = ResultCache(10, "m 1", notes)

    answer(cache, "So happy", "so sad")
    found = cache.look_up(["so sad", "new", "So happy"])

    assert found.items == [b"so sad", None, b"So happy"]
    assert found.missing == ["new"]
    assert notes.told == [(0, 2, 0), (2, 1, 2)]


def test_texts_that_are_one_when_normalised_are_one_text() -> None:
    cache = ResultCache(10, "m 1", Notes())

    found = cache.look_up(["so  happy https://t.co/abc", "so happy https://t.co/xyz"])

    assert found.missing == ["so happy http"]
    assert cache.fill(found, [b"x"]) == [b"x", b"x"]


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.integers(min_value=0, max_value=9))
def test_items_stand_where_their_texts_stand_whatever_was_known(
    texts: list[str], size: int
) -> None:
    cache = ResultCache(size, "m 1", Notes())

    for _ in range(3):
        assert answer(cache, *texts) == [text.encode() for text in texts]
        assert len(cache) <= size


def test_what_was_used_least_recently_goes_first() -> None:
    cache = ResultCache(2, "m 1", Notes())

    answer(cache, "a", "b")
    answer(cache, "a")
    answer(cache, "c")

    assert cache.look_up(["a", "b", "c"]).missing == ["b"]


def test_a_text_that_failed_and_a_long_one_are_not_kept() -> None:
    cache = ResultCache(10, "m 1", Notes())
    long = "a b " * LONGEST_TEXT

    cache.fill(cache.look_up(["fails", long]), [None, b"x"])

    assert cache.look_up(["fails", long]).missing == ["fails", long]


def test_with_size_zero_every_text_is_classified_as_it_came() -> None:
    notes = Notes()
    cache = ResultCache(0, "m 1", notes)

    assert cache.look_up(["a  b", "a  b"]).missing == ["a  b", "a  b"]
    assert notes.told == []


@pytest.mark.slow
def test_memory_is_bounded_by_the_number_of_results() -> None:
    cache = ResultCache(2_000, "m 1", Notes())
    item = b"x" * 260  # longer than any answer

    tracemalloc.start()
    for number in range(6_000):
        found = cache.look_up([f"{number} " * 100])
        cache.fill(found, [bytes(bytearray(item))])
    del found
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(cache) == 2_000
    assert held < 2_000 * ENTRY_BYTES


@in_event_loop
async def test_a_repeated_request_is_answered_in_the_same_bytes_without_a_run() -> None:
    scheduler = FakeScheduler()
    caller = Caller(application(scheduler=scheduler, cache_texts=100))

    first = await caller.classify({"texts": ["a", "b", "a"]})
    again = await caller.classify({"texts": ["a", "b", "a"]})

    assert first.status == again.status == 200
    assert first.body == again.body
    assert scheduler.came == [["a", "b"]]


@in_event_loop
async def test_known_texts_are_answered_at_once_and_a_mixed_request_runs_only_its_new_ones() -> (
    None
):
    scheduler = FakeScheduler()
    caller = Caller(application(scheduler=scheduler, cache_texts=100))
    await caller.classify({"texts": ["a", "b"]})
    scheduler.go_on.clear()
    mixed = asyncio.create_task(caller.classify({"texts": ["b", "new", "a"]}))
    await until(lambda: len(scheduler.came) == 2)

    known = await caller.classify({"texts": ["b", "a"]})
    scheduler.go_on.set()

    assert known.status == 200
    assert len((await mixed).json()) == 3
    assert scheduler.came[1:] == [["new"]]


@in_event_loop
async def test_a_text_that_fails_is_named_at_each_of_its_indices() -> None:
    caller = Caller(application(cache_texts=100))

    failed = await caller.classify({"texts": [BAD, "a", BAD]})

    assert failed.status == 500
    assert [one["where"] for one in failed.json()["errors"]] == ["/texts/0", "/texts/2"]
