"""The words of text-embeddings-inference's /predict, with no server behind them."""

import json
from typing import Any

import pytest

from serving.classifier.artifact import EMOTIONS
from serving.errors import (
    BusyError,
    DeadlineExceededError,
    Fault,
    InvalidRequestError,
    KeyRefusedError,
    NotReadyError,
    PayloadTooLargeError,
    RequestError,
    UnexpectedError,
    UnsupportedMediaError,
)
from serving.http.messages import Asked
from serving.http.protocols.tei import predict_refusal, read_predict
from serving.schemas import Limits

LIMITS = Limits(texts=3, text_chars=10, body_bytes=1000)
SCORES = dict(zip(EMOTIONS, (0.1, 0.05, 0.4, 0.2, 0.12, 0.08, 0.05), strict=True))


def read(inputs: Any, **options: Any) -> Asked:
    return read_predict({"inputs": inputs, **options}, LIMITS)


def item(*, truncated: bool = False, **changes: float) -> dict[str, Any]:
    return {
        "label": "joy",
        "scores": {**SCORES, **changes},
        "irony": 0.9,
        "tokens": 32,
        "truncated": truncated,
    }


def answer(asked: Asked, *items: dict[str, Any]) -> Any:
    return json.loads(asked.worded(json.dumps(items).encode()).body)


def pointers(inputs: Any, **options: Any) -> list[str]:
    with pytest.raises(InvalidRequestError) as caught:
        read(inputs, **options)
    return [fault.where for fault in caught.value.faults]


@pytest.mark.parametrize("inputs", ["so sad", ["so sad"]])
def test_one_text_is_answered_with_one_ranking(inputs: Any) -> None:
    asked = read(inputs)

    ranking = answer(asked, item())

    assert asked.texts == ["so sad"]
    assert ranking[0] == {"score": 0.4, "label": "joy"}
    assert [one["label"] for one in ranking[:3]] == ["joy", "love", "sadness"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_is_answered_with_a_ranking_a_text_even_when_it_has_one(count: int) -> None:
    asked = read([["a"]] * count)

    rankings = answer(asked, *[item()] * count)

    assert asked.texts == ["a"] * count
    assert [len(ranking) for ranking in rankings] == [7] * count


def test_a_ranking_falls_and_has_the_seven_emotions_and_no_irony() -> None:
    ranking = answer(read("a"), item())

    scores = [one["score"] for one in ranking]
    assert scores == sorted(scores, reverse=True)
    assert {one["label"]: one["score"] for one in ranking} == SCORES
    assert sum(scores) == pytest.approx(1.0)


def test_of_two_that_round_to_the_same_the_label_is_first() -> None:
    ranking = answer(read("a"), {**item(anger=0.4, joy=0.4), "label": "joy"})

    assert [one["label"] for one in ranking[:2]] == ["joy", "anger"]


@pytest.mark.parametrize("inputs", [["a", "b"], ["a", "b", "c"]])
def test_a_pair_is_refused_and_not_taken_for_a_batch(inputs: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(inputs)

    (fault,) = caught.value.faults
    assert fault.where == "/inputs"
    assert "pair" in fault.reason
    assert '[["..."], ["..."]]' in fault.reason


@pytest.mark.parametrize(
    ("inputs", "where"),
    [
        (None, "/inputs"),
        (7, "/inputs"),
        ([], "/inputs"),
        ({"text": "a"}, "/inputs"),
        ([["a"], "b"], "/inputs/1"),
        ([["a"], ["b", "c"]], "/inputs/1"),
        ([["a"], []], "/inputs/1"),
        ([7], "/inputs/0"),
    ],
)
def test_inputs_of_another_shape_are_refused_and_the_place_is_named(
    inputs: Any, where: str
) -> None:
    assert pointers(inputs) == [where]


def test_a_text_that_is_none_is_named_where_the_caller_has_it() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read([["a"], [7]])

    body = json.loads(predict_refusal(caught.value, "id").body)
    assert "/inputs/1 must be a string" in body["error"]


def test_a_body_without_inputs_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        read_predict({}, LIMITS)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"raw_scores": True}, "/raw_scores"),
        ({"truncat": False}, "/truncat"),
        ({"top_k": 3}, "/top_k"),
        ({"parameters": {}}, "/parameters"),
        ({"raw_scores": "no"}, "/raw_scores"),
        ({"truncate": "yes"}, "/truncate"),
        ({"truncation_direction": "Left"}, "/truncation_direction"),
        ({"truncation_direction": ["Right"]}, "/truncation_direction"),
    ],
)
def test_an_option_that_cannot_be_had_is_refused(options: dict[str, Any], where: str) -> None:
    assert pointers("a", **options) == [where]


@pytest.mark.parametrize(
    "options",
    [
        {"truncate": None},
        {"truncate": True, "truncation_direction": "right"},
        {"raw_scores": False, "truncation_direction": "Right"},
    ],
)
def test_options_that_change_nothing_are_taken(options: dict[str, Any]) -> None:
    assert read("a", **options).texts == ["a"]


@pytest.mark.parametrize("options", [{}, {"truncate": True}, {"truncate": None}])
def test_a_text_that_was_cut_is_answered_unless_that_is_forbidden(options: dict[str, Any]) -> None:
    assert len(answer(read("a", **options), item(truncated=True))) == 7


def test_a_text_that_was_cut_is_too_large_when_cutting_is_forbidden() -> None:
    asked = read([["a"], ["b"]], truncate=False)

    with pytest.raises(PayloadTooLargeError) as caught:
        answer(asked, item(), item(truncated=True))

    assert [fault.where for fault in caught.value.faults] == ["/texts/1"]
    assert "32 tokens" in caught.value.faults[0].reason


def test_texts_that_fit_are_answered_when_cutting_is_forbidden() -> None:
    assert len(answer(read("a", truncate=False), item())) == 7


@pytest.mark.parametrize("inputs", [[["a"]] * 4, [["a"], ["b" * 11]], "b" * 11])
def test_more_than_the_limits_is_too_large(inputs: Any) -> None:
    with pytest.raises(PayloadTooLargeError):
        read(inputs)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (InvalidRequestError("no"), 400, "Validation"),
        (KeyRefusedError("no"), 401, "Validation"),
        (PayloadTooLargeError("no"), 413, "Validation"),
        (UnsupportedMediaError("no"), 415, "Validation"),
        (BusyError("no", 3), 429, "Overloaded"),
        (UnexpectedError("no"), 500, "Backend"),
        (NotReadyError("no", 3), 503, "Unhealthy"),
        (DeadlineExceededError("no", 3), 504, "Backend"),
    ],
)
def test_an_error_has_the_status_of_the_contract_and_a_word_of_the_protocol(
    error: RequestError, status: int, word: str
) -> None:
    refusal = predict_refusal(error, "id")

    assert refusal.status == status
    assert refusal.content_type == "application/json"
    assert json.loads(refusal.body) == {"error": "no", "error_type": word}
    assert (("retry-after", "3") in refusal.headers) == (status in (429, 503, 504))


def test_a_text_that_failed_is_named_where_the_caller_has_it() -> None:
    error = UnexpectedError("Failed.", [Fault("/texts/2", "could not be classified")])

    body = json.loads(predict_refusal(error, "id").body)

    assert body["error"] == "Failed. /inputs/2 could not be classified"
