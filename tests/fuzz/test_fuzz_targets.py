"""The targets of the fuzzer: sound files pass, a fault is found, and some runs find none."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.readers import fuzz
from tests.fuzz.targets import GROWN_BYTES, TARGETS, Target, grown

each_reader = pytest.mark.parametrize("name", TARGETS)


@each_reader
def test_every_seed_of_a_reader_is_read_without_a_fault(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    assert seeds
    for seed in seeds:
        target.attempt(seed)


@each_reader
@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_without_a_fault(name: str, data: bytes) -> None:
    TARGETS[name].attempt(data)


@each_reader
def test_work_on_a_grown_seed_is_linear(name: str) -> None:
    target = TARGETS[name]

    target.expect_linear(grown(target.seeds()[0]))


def test_a_reader_that_compares_all_with_all_is_found_to_grow() -> None:
    def compare_all(data: bytes) -> None:
        for place in range(len(data)):
            for _ in range(place // 200):
                pass

    target = Target(compare_all, list, lines_per_byte=20)

    target.expect_linear(b"x" * 64)
    with pytest.raises(AssertionError, match=r"lines of Python for 16,"):
        target.expect_linear(grown(b"x" * 64))


def test_what_is_grown_repeats_a_piece_of_the_bytes_at_its_place() -> None:
    longer = grown(b"head,1,2,tail")

    assert len(longer) > 0.99 * GROWN_BYTES
    assert longer == grown(b"head,1,2,tail")
    assert set(longer) <= set(b"head,1,2,tail")


@pytest.mark.long
@each_reader
def test_some_hundred_guided_inputs_find_no_fault(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: make test-long installs it where it has a wheel")

    executed, found = fuzz(name, tmp_path, seed=1, limits=["-runs=300"])

    assert not found
    assert executed >= 300
