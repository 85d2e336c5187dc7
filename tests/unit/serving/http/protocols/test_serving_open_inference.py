"""The words of the Open Inference Protocol v2, with no server behind them."""

import json
from typing import Any

import pytest

from serving.classifier.artifact import EMOTIONS
from serving.errors import BusyError, Fault, InvalidRequestError, PayloadTooLargeError
from serving.http.messages import Asked
from serving.http.protocols.open_inference import OpenInference, refusal
from serving.schemas import Limits

LIMITS = Limits(texts=3, text_chars=10, body_bytes=1000)
SPOKEN = OpenInference("mood", "1.2.0")
JOY: dict[str, Any] = {
    "label": "joy",
    "scores": dict(zip(EMOTIONS, (0.1, 0.05, 0.4, 0.2, 0.12, 0.08, 0.05), strict=True)),
    "irony": 0.9,
    "tokens": 3,
    "truncated": False,
}
FEAR: dict[str, Any] = {
    "label": "fear",
    "scores": dict(zip(EMOTIONS, (0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1), strict=True)),
    "irony": 0.25,
    "tokens": 4,
    "truncated": False,
}


def tensor(*data: Any, **changes: Any) -> dict[str, Any]:
    """Return an input tensor; a change to None takes the field away."""
    whole = {"name": "text", "datatype": "BYTES", "shape": [len(data)], "data": list(data)}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def read(*tensors: Any, **fields: Any) -> Asked:
    return SPOKEN.read(json.dumps({"inputs": list(tensors), **fields}).encode(), LIMITS, {})


def answer(asked: Asked, *items: dict[str, Any]) -> Any:
    return json.loads(asked.worded(json.dumps(items).encode()).body)


def pointers(*tensors: Any, **fields: Any) -> list[str]:
    with pytest.raises(InvalidRequestError) as caught:
        read(*tensors, **fields)
    return [fault.where for fault in caught.value.faults]


@pytest.mark.parametrize(
    "request_tensor",
    [
        tensor("a", "b"),
        tensor("a", "b", shape=[2, 1]),
        tensor(["a"], ["b"], shape=[2, 1]),
        tensor("a", "b", shape=[2.0]),
        tensor("a", "b", name="array_inputs", parameters={"content_type": "str"}),
    ],
)
def test_the_texts_of_a_tensor_are_read_in_each_of_its_forms(request_tensor: Any) -> None:
    assert read(request_tensor).texts == ["a", "b"]


def test_an_answer_has_a_row_of_each_output_a_text() -> None:
    document = answer(read(tensor("a", "b")), JOY, FEAR)

    assert document["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["joy", "fear"]},
        {
            "name": "scores",
            "datatype": "FP32",
            "shape": [2, 7],
            "data": [0.1, 0.05, 0.4, 0.2, 0.12, 0.08, 0.05, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1],
        },
        {"name": "irony", "datatype": "FP32", "shape": [2], "data": [0.9, 0.25]},
    ]


def test_the_columns_of_the_scores_are_in_the_order_that_the_parameters_name() -> None:
    shuffled = {**JOY, "scores": dict(reversed(JOY["scores"].items()))}

    document = answer(read(tensor("a")), shuffled)

    emotions = document["parameters"]["emotions"].split(",")
    assert dict(zip(emotions, document["outputs"][1]["data"], strict=True)) == JOY["scores"]


def test_an_answer_names_the_model_and_repeats_the_id() -> None:
    named = answer(read(tensor("a"), id="42"), JOY)
    unnamed = answer(read(tensor("a"), id=None), JOY)

    assert (named["model_name"], named["model_version"], named["id"]) == ("mood", "1.2.0", "42")
    assert "id" not in unnamed


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ([], ["label", "scores", "irony"]),
        ([{"name": "irony"}], ["irony"]),
        ([{"name": "scores"}, {"name": "label"}, {"name": "scores"}], ["scores", "label"]),
        (None, ["label", "scores", "irony"]),
        ([{"name": "label", "parameters": {"binary_data": False}}], ["label"]),
        ([{"name": "label", "parameters": None}], ["label"]),
    ],
)
def test_the_outputs_asked_for_are_answered_each_once(wanted: list[Any], names: list[str]) -> None:
    document = answer(read(tensor("a"), outputs=wanted), JOY)

    assert [output["name"] for output in document["outputs"]] == names


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("label", "/outputs"),
        (["label"], "/outputs/0"),
        ([{"name": "label"}, {"name": "logits"}], "/outputs/1"),
        ([{"name": ["label"]}], "/outputs/0"),
        ([{"name": "label", "class_count": 3}], "/outputs/0/class_count"),
        (
            [{"name": "label", "parameters": {"classification": 3}}],
            "/outputs/0/parameters/classification",
        ),
        (
            [{"name": "label", "parameters": {"binary_data": 1}}],
            "/outputs/0/parameters/binary_data",
        ),
        (
            [{"name": "label"}, {"name": "label", "parameters": {"binary_data": True}}],
            "/outputs/1",
        ),
    ],
)
def test_an_output_that_there_is_not_is_refused(wanted: Any, where: str) -> None:
    assert pointers(tensor("a"), outputs=wanted) == [where]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": None}, "/inputs/0/name"),
        ({"name": 7}, "/inputs/0/name"),
        ({"datatype": None}, "/inputs/0/datatype"),
        ({"datatype": "FP32"}, "/inputs/0/datatype"),
        ({"datatype": "bytes"}, "/inputs/0/datatype"),
        ({"parameters": [1]}, "/inputs/0/parameters"),
        (
            {"parameters": {"region": "a"}},
            "/inputs/0/parameters/region",
        ),
        ({"dtype": "BYTES"}, "/inputs/0/dtype"),
        ({"parameters": {"content_type": "base64"}}, "/inputs/0/parameters/content_type"),
        ({"shape": None}, "/inputs/0/shape"),
        ({"shape": []}, "/inputs/0/shape"),
        ({"shape": 2}, "/inputs/0/shape"),
        ({"shape": [1, 2]}, "/inputs/0/shape"),
        ({"shape": [2, 1, 1]}, "/inputs/0/shape"),
        ({"shape": [-1]}, "/inputs/0/shape"),
        ({"shape": [2.5]}, "/inputs/0/shape"),
        ({"shape": ["2"]}, "/inputs/0/shape"),
        ({"shape": [3]}, "/inputs/0/data"),
        ({"data": None}, "/inputs/0/data"),
        ({"data": "ab"}, "/inputs/0/data"),
    ],
)
def test_a_tensor_of_another_kind_is_refused_and_the_place_is_named(
    changes: dict[str, Any], where: str
) -> None:
    assert pointers(tensor("a", "b", **changes)) == [where]


def test_a_truth_value_is_no_size() -> None:
    assert pointers(tensor("a", shape=[True])) == ["/inputs/0/shape"]


@pytest.mark.parametrize("tensors", [[], [tensor("a"), tensor("b")], ["a"], [None]])
def test_anything_but_one_tensor_is_refused(tensors: list[Any]) -> None:
    assert pointers(*tensors) == ["/inputs"]


@pytest.mark.parametrize("data", [[7], [None], [["a"]], [{"a": 1}]])
def test_an_element_that_is_no_text_is_named_where_the_caller_has_it(data: list[Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(tensor("a", *data))

    body = json.loads(refusal(caught.value, "id").body)
    assert body["error"].endswith("/inputs/0/data/1 must be a string")


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"id": 42}, "/id"),
        ({"model_name": "other"}, "/model_name"),
        ({"output": []}, "/output"),
        ({"parameters": []}, "/parameters"),
        ({"parameters": {"top_k": 3}}, "/parameters/top_k"),
        ({"parameters": {"binary_data_output": "yes"}}, "/parameters/binary_data_output"),
    ],
)
def test_a_field_that_is_not_known_or_of_another_kind_is_refused(
    fields: dict[str, Any], where: str
) -> None:
    assert pointers(tensor("a"), **fields) == [where]


def test_fields_that_clients_always_send_change_nothing() -> None:
    sent = {
        "id": None,
        "model_name": "mood",
        "outputs": None,
        "parameters": {"content_type": "str", "headers": None},
    }

    assert read(tensor("a"), **sent).texts == ["a"]


def test_an_empty_tensor_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(tensor())

    assert caught.value.faults == (Fault("/texts", "must be an array of at least one text"),)


@pytest.mark.parametrize("data", [["a"] * 4, ["a", "b" * 11]])
def test_more_than_the_limits_is_too_large(data: list[str]) -> None:
    with pytest.raises(PayloadTooLargeError):
        read(tensor(*data))


def test_an_error_is_one_string_and_keeps_status_and_headers_of_the_contract() -> None:
    busy = refusal(BusyError("Full.", 3), "id")

    assert (busy.status, busy.headers) == (429, (("retry-after", "3"),))
    assert json.loads(busy.body) == {"error": "Full."}


def test_the_model_describes_what_it_takes_and_gives() -> None:
    document = json.loads(SPOKEN.model_page().body)

    assert (document["name"], document["versions"]) == ("mood", ["1.2.0"])
    assert document["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert document["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "scores", "datatype": "FP32", "shape": [-1, 7]},
        {"name": "irony", "datatype": "FP32", "shape": [-1]},
    ]
