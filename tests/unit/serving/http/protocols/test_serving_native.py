import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import Fault, InvalidRequestError, PayloadTooLargeError
from serving.http.protocols.native import read_classify
from serving.schemas import Limits

LIMITS = Limits(texts=4, text_chars=10, body_bytes=1000)


def parse(document: Any) -> list[str]:
    return list(read_classify(json.dumps(document).encode(), LIMITS, {}).texts)


def test_texts_come_out_as_they_went_in() -> None:
    assert parse({"texts": ["", "\x00", "\ud800", "é😀"]}) == ["", "\x00", "\ud800", "é😀"]


@given(st.lists(st.text(max_size=10), min_size=1, max_size=4))
def test_any_texts_within_the_limits_are_read(texts: list[str]) -> None:
    assert parse({"texts": texts}) == texts


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"nonsense", b"[" * 100_000, b'{"texts": ' + b"9" * 5000 + b"}"],
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read_classify(body, LIMITS, {})


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (["a"], ""),
        ("a", ""),
        (None, ""),
        ({}, "/texts"),
        ({"texts": "a"}, "/texts"),
        ({"texts": []}, "/texts"),
        ({"texts": {"0": "a"}}, "/texts"),
        ({"texts": ["a", 1]}, "/texts/1"),
        ({"texts": ["a", None]}, "/texts/1"),
        ({"texts": [["a"]]}, "/texts/0"),
        ({"texts": ["a"], "a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_a_wrong_shape_is_refused_and_the_place_is_named(document: Any, where: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse(document)

    assert [fault.where for fault in caught.value.faults] == [where]


def test_a_field_whose_name_cannot_be_written_is_still_refused() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse({"texts": ["a"], "\ud800": 1})

    assert caught.value.faults[0].where.encode()


def test_as_many_texts_as_the_limit_are_read_and_one_more_is_not() -> None:
    assert len(parse({"texts": ["a"] * 4})) == 4

    with pytest.raises(PayloadTooLargeError) as caught:
        parse({"texts": ["a"] * 5})

    assert caught.value.faults == (Fault("/texts", "has 5 texts, the limit is 4"),)


def test_a_text_as_long_as_the_limit_is_read_and_a_longer_one_is_not() -> None:
    assert parse({"texts": ["😀" * 10]}) == ["😀" * 10]

    with pytest.raises(PayloadTooLargeError) as caught:
        parse({"texts": ["a", "b" * 11]})

    assert caught.value.faults == (Fault("/texts/1", "has 11 characters, the limit is 10"),)


def test_no_more_than_ten_places_are_named() -> None:
    body = json.dumps({"texts": [None] * 50}).encode()

    with pytest.raises(InvalidRequestError) as caught:
        read_classify(body, Limits(), {})

    assert len(caught.value.faults) == 10
