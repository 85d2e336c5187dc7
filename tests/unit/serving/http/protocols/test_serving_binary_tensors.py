"""Binary tensors of the Open Inference Protocol, whole requests and answers, with no server."""

import json
import struct
from typing import Any

import pytest

from serving.classifier.artifact import EMOTIONS
from serving.errors import InvalidRequestError, PayloadTooLargeError
from serving.http.messages import Answer, Asked
from serving.http.protocols.open_inference import OpenInference
from serving.schemas import Limits

LIMITS = Limits(texts=3, text_chars=10, body_bytes=1000)
SPOKEN = OpenInference("mood", "1.2.0")
ITEM: dict[str, Any] = {
    "label": "joy",
    "scores": dict(zip(EMOTIONS, (0.1, 0.05, 0.4, 0.2, 0.12, 0.08, 0.05), strict=True)),
    "irony": 0.9,
    "tokens": 3,
    "truncated": False,
}


def bytes_tensor(*elements: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(one)) + one for one in elements)


def read(binary: bytes, shape: list[int], length: str | None = "exact", **changes: Any) -> Asked:
    """Read a request whose input is binary; `changes` are fields of the request."""
    tensor = {
        "name": "text",
        "datatype": "BYTES",
        "shape": shape,
        "parameters": {"binary_data_size": len(binary)},
    }
    written = json.dumps({"inputs": [tensor], **changes}).encode()
    length = str(len(written)) if length == "exact" else length
    headers = {} if length is None else {"inference-header-content-length": length}
    return SPOKEN.read(written + binary, LIMITS, headers)


def faults(*arguments: Any, **named: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        read(*arguments, **named)
    shown = [f"{fault.where} {fault.reason}" for fault in caught.value.faults]
    return " ".join([caught.value.detail, *shown])


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("elements", [(b"a", "é😀".encode()), (b"", b"a\x00b"), (b"\r\n", b"{}")])
def test_the_texts_of_a_binary_tensor_are_read_as_they_are(
    elements: tuple[bytes, bytes], shape: list[int]
) -> None:
    asked = read(bytes_tensor(*elements), shape)

    assert asked.texts == [one.decode() for one in elements]


@pytest.mark.parametrize(
    ("binary", "shape", "said"),
    [
        (bytes_tensor(b"a", b"b"), [1], "/inputs/0/data has 5 bytes after the 1 texts"),
        (bytes_tensor(b"a"), [2], "/inputs/0/data ends before the length of text 1 of 2"),
        (bytes_tensor(b"a") + b"\x01\x00", [2], "ends before the length of text 1"),
        (struct.pack("<I", 9) + b"a", [1], "/inputs/0/data/0 is longer than the binary data"),
        (struct.pack("<I", 2**32 - 1) + b"a", [1], "/inputs/0/data/0 is longer"),
        (bytes_tensor(b"a", b"\xff\xfe"), [2], "/inputs/0/data/1 is not UTF-8"),
        (bytes_tensor("a".encode("utf-16")), [1], "/inputs/0/data/0 is not UTF-8"),
        (b"", [1], "/inputs/0/data ends before the length of text 0"),
        (b"", [0], "/texts must be an array of at least one text"),
        (bytes_tensor(b"a"), [-1, 1], "/inputs/0/shape"),
        (bytes_tensor(b"a", b"b"), [1, 2], "/inputs/0/shape"),
        (bytes_tensor(b"a"), [1 << 70], None),
    ],
)
def test_binary_data_that_are_not_what_the_shape_says_are_refused_and_the_place_is_named(
    binary: bytes, shape: list[int], said: str | None
) -> None:
    if said is None:
        with pytest.raises(PayloadTooLargeError):
            read(binary, shape)
    else:
        assert said in faults(binary, shape)


@pytest.mark.parametrize("length", ["99999", "-1", "1e2", "", "٣", "9" * 5000])
def test_a_length_of_the_json_that_cannot_be_is_refused(length: str) -> None:
    assert "Inference-Header-Content-Length" in faults(bytes_tensor(b"a"), [1], length)


@pytest.mark.parametrize("length", ["0", "10", None])
def test_a_length_that_cuts_the_json_elsewhere_is_refused(length: str | None) -> None:
    assert "not JSON" in faults(bytes_tensor(b"a"), [1], length)


@pytest.mark.parametrize(
    ("tensor", "where"),
    [
        ({"parameters": {"binary_data_size": 4}}, "/inputs/0/parameters/binary_data_size"),
        ({"parameters": {"binary_data_size": 6}}, "/inputs/0/parameters/binary_data_size"),
        ({"parameters": {"binary_data_size": "5"}}, "/inputs/0/parameters/binary_data_size"),
        ({"parameters": {"binary_data_size": True}}, "/inputs/0/parameters/binary_data_size"),
        ({"data": ["a"]}, "/inputs/0/parameters/binary_data_size"),
        ({"data": ["a"], "parameters": {"binary_data_size": 5}}, "/inputs/0/data"),
    ],
)
def test_sizes_that_do_not_agree_with_the_body_are_refused(
    tensor: dict[str, Any], where: str
) -> None:
    whole = {"name": "text", "datatype": "BYTES", "shape": [1], **tensor}

    assert where in faults(bytes_tensor(b"a"), [1], inputs=[whole])


def test_binary_data_of_a_second_input_are_refused() -> None:
    tensor = {"name": "t", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}}

    assert "/inputs must be" in faults(bytes_tensor(b"a", b"b"), [1], inputs=[tensor, tensor])


def test_more_texts_or_longer_ones_than_the_limits_are_too_large() -> None:
    for elements in ([b"a"] * 4, [b"a" * 11]):
        with pytest.raises(PayloadTooLargeError):
            read(bytes_tensor(*elements), [len(elements)])


def answered(answer: Answer) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the JSON of an answer, and its binary data by output, cut as clients cut them."""
    length = int(dict(answer.headers)["inference-header-content-length"])
    document = json.loads(answer.body[:length])
    binary: dict[str, bytes] = {}
    position = length
    for output in document["outputs"]:
        if size := output.get("parameters", {}).get("binary_data_size"):
            binary[output["name"]] = answer.body[position : position + size]
            position += size
    assert position == len(answer.body)
    return document, binary


def test_binary_outputs_have_the_numbers_of_the_json() -> None:
    items = json.dumps([ITEM, {**ITEM, "label": "sadness", "irony": 0.25}]).encode()
    asked = read(bytes_tensor(b"a", b"b"), [2], parameters={"binary_data_output": True})

    answer = asked.worded(items)

    document, binary = answered(answer)
    assert answer.content_type == "application/octet-stream"
    assert [output["shape"] for output in document["outputs"]] == [[2], [2, 7], [2]]
    assert all("data" not in output for output in document["outputs"])
    assert binary["label"] == bytes_tensor(b"joy", b"sadness")
    scores = struct.unpack("<14f", binary["scores"])
    assert [round(score, 6) for score in scores] == [*ITEM["scores"].values()] * 2
    assert struct.unpack("<2f", binary["irony"]) == pytest.approx((0.9, 0.25))


@pytest.mark.parametrize("for_all", [True, False, None])
def test_an_output_may_be_binary_or_not_whatever_is_said_of_all(for_all: bool | None) -> None:
    wanted = [
        {"name": "irony", "parameters": {"binary_data": False}},
        {"name": "label", "parameters": {"binary_data": True}},
        {"name": "scores"},
    ]
    asked = read(
        bytes_tensor(b"a"), [1], outputs=wanted, parameters={"binary_data_output": for_all}
    )

    document, binary = answered(asked.worded(json.dumps([ITEM]).encode()))

    assert document["outputs"][0]["data"] == [0.9]
    assert set(binary) == ({"label", "scores"} if for_all else {"label"})


def test_an_answer_without_binary_outputs_is_json_alone() -> None:
    answer = read(bytes_tensor(b"a"), [1]).worded(json.dumps([ITEM]).encode())

    assert (answer.content_type, answer.headers) == ("application/json", ())
    assert json.loads(answer.body)["outputs"][0]["data"] == ["joy"]
