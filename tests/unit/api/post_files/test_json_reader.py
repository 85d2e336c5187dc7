"""Test that a JSON array is read item by item, however its text arrives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.post_files.json_reader import NotAnArrayError, array_items

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.sampled_from('a",[]{}\\é'))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner)
    ),
    max_leaves=5,
)


@given(st.lists(VALUES, max_size=5), st.integers(1, 7), st.sampled_from([None, 1]))
def test_items_are_the_same_however_the_text_is_cut(
    values: list[Any], size: int, indent: int | None
) -> None:
    text = json.dumps(values, indent=indent)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    assert list(array_items(pieces)) == values


def test_a_number_that_is_cut_in_two_is_one_number() -> None:
    assert list(array_items(["[1", "2", ",3]"])) == [12, 3]


@pytest.mark.parametrize(
    "text", ["", "{}", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[1] x", '["a', "[,]", "[NaN,}"]
)
def test_what_is_no_whole_array_is_told_as_such(text: str) -> None:
    with pytest.raises(NotAnArrayError):
        list(array_items([text]))
