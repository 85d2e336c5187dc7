"""The words of Hugging Face's text classification, with no server behind them."""

import json
from typing import Any

import pytest

from serving.classifier.artifact import EMOTIONS
from serving.errors import InvalidRequestError, PayloadTooLargeError
from serving.http.messages import Asked
from serving.http.protocols.huggingface import read_classification, read_either
from serving.schemas import Limits

LIMITS = Limits(texts=3, text_chars=10, body_bytes=1000)
SCORES = dict(zip(EMOTIONS, (0.1, 0.05, 0.4, 0.2, 0.12, 0.08, 0.05), strict=True))


def read(inputs: Any, **fields: Any) -> Asked:
    return read_classification(json.dumps({"inputs": inputs, **fields}).encode(), LIMITS, {})


def item(*, truncated: bool = False) -> dict[str, Any]:
    return {"label": "joy", "scores": SCORES, "irony": 0.9, "tokens": 32, "truncated": truncated}


def answer(asked: Asked, *items: dict[str, Any]) -> Any:
    return json.loads(asked.worded(json.dumps(items).encode()).body)


def pointers(inputs: Any, **fields: Any) -> list[str]:
    with pytest.raises(InvalidRequestError) as caught:
        read(inputs, **fields)
    return [fault.where for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [
        ("a", ["a"]),
        ({"text": "a"}, ["a"]),
        ({"text": "a", "text_pair": None}, ["a"]),
        (["a"], ["a"]),
        (["a", "b"], ["a", "b"]),
        ([{"text": "a"}, "b", ["c"]], ["a", "b", "c"]),
    ],
)
def test_every_text_has_its_ranking_and_a_text_alone_has_one_in_an_array(
    inputs: Any, texts: list[str]
) -> None:
    asked = read(inputs, parameters={})

    rankings = answer(asked, *[item()] * len(texts))

    assert asked.texts == texts
    assert [len(ranking) for ranking in rankings] == [7] * len(texts)
    assert rankings[0][0] == {"score": 0.4, "label": "joy"}


@pytest.mark.parametrize(
    ("top_k", "count"), [(1, 1), (3, 3), (3.0, 3), (7, 7), (1e300, 7), (None, 7)]
)
def test_as_many_emotions_are_answered_as_are_asked_for(top_k: float | None, count: int) -> None:
    ranking = answer(read("a", parameters={"top_k": top_k}), item())[0]

    assert [one["label"] for one in ranking] == [
        "joy", "love", "sadness", "anger", "surprise", "fear", "neutral"
    ][:count]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"parameters": None},
        {"parameters": {"function_to_apply": "softmax", "truncation": True}},
        {"parameters": {"function_to_apply": None, "truncation": None}},
        {"options": {"wait_for_model": True, "use_cache": False}},
    ],
)
def test_options_that_change_nothing_are_taken(fields: dict[str, Any]) -> None:
    assert answer(read("a", **fields), item(truncated=True))


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"parameters": {"top_k": 0}}, "/parameters/top_k"),
        ({"parameters": {"top_k": -1}}, "/parameters/top_k"),
        ({"parameters": {"top_k": True}}, "/parameters/top_k"),
        ({"parameters": {"top_k": "3"}}, "/parameters/top_k"),
        ({"parameters": {"top_k": 2.5}}, "/parameters/top_k"),
        ({"parameters": {"top_k": float("inf")}}, "/parameters/top_k"),
        ({"parameters": {"function_to_apply": "none"}}, "/parameters/function_to_apply"),
        ({"parameters": {"function_to_apply": "sigmoid"}}, "/parameters/function_to_apply"),
        ({"parameters": {"function_to_apply": ["softmax"]}}, "/parameters/function_to_apply"),
        ({"parameters": {"truncation": "only_first"}}, "/parameters/truncation"),
        ({"parameters": {"topk": 3}}, "/parameters/topk"),
        ({"parameters": [3]}, "/parameters"),
        ({"options": {"top_k": 3}}, "/options/top_k"),
        ({"top_k": 3}, "/top_k"),
    ],
)
def test_an_option_that_cannot_be_had_or_is_not_known_is_refused(
    fields: dict[str, Any], where: str
) -> None:
    assert pointers("a", **fields) == [where]


@pytest.mark.parametrize(
    ("inputs", "where"),
    [
        (None, "/inputs"),
        (7, "/inputs"),
        ([], "/inputs"),
        ({}, "/inputs"),
        ({"text": "a", "text_pair": "b"}, "/inputs/text_pair"),
        ({"text": "a", "txt": "b"}, "/inputs/txt"),
        (["a", {"text": "a", "text_pair": "b"}], "/inputs/1/text_pair"),
        (["a", ["b", "c"]], "/inputs/1"),
        (["a", None], "/inputs/1"),
    ],
)
def test_inputs_of_another_shape_are_refused_and_the_place_is_named(
    inputs: Any, where: str
) -> None:
    assert pointers(inputs) == [where]


def test_a_text_that_was_cut_is_too_large_when_cutting_is_forbidden() -> None:
    asked = read(["a", "b"], parameters={"truncation": False})

    assert len(answer(asked, item(), item())) == 2
    with pytest.raises(PayloadTooLargeError) as caught:
        answer(asked, item(), item(truncated=True))
    assert [fault.where for fault in caught.value.faults] == ["/texts/1"]


@pytest.mark.parametrize("inputs", [["a"] * 4, "b" * 11, {"text": "b" * 11}])
def test_more_than_the_limits_is_too_large(inputs: Any) -> None:
    with pytest.raises(PayloadTooLargeError):
        read(inputs)


def test_the_predict_route_answers_each_client_in_its_own_shape() -> None:
    def shape(document: dict[str, Any]) -> Any:
        return answer(read_either(json.dumps(document).encode(), LIMITS, {}), item())[0]

    assert isinstance(shape({"inputs": "a"}), dict)
    assert len(shape({"inputs": "a", "parameters": {"top_k": 2}})) == 2
