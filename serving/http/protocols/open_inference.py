"""The Open Inference Protocol v2 (KServe, Triton, MLServer), REST, over the same classifier.

After `specification/protocol/inference_rest.md` of kserve/open-inference-protocol. One model,
one version; one input, a BYTES tensor of texts, whatever its name; three outputs. Input and
outputs may be binary, as tritonclient and kserve have them. What is not known is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.classifier.artifact import EMOTIONS
from serving.errors import Fault, PayloadTooLargeError, RequestError
from serving.http.messages import JSON_TYPE, Answer, Asked, WireProtocol
from serving.http.problems import error_headers, kind_of, one_line
from serving.http.protocols.binary_tensors import (
    BINARY_TYPE,
    LENGTH_HEADER,
    SIZE,
    packed,
    read_texts,
    split_body,
)
from serving.http.protocols.native import (
    check_json,
    check_texts,
    read_object,
    unknown_fields,
    whole_number,
    wrong_shape,
)
from serving.schemas import Limits

ROOT = "/v2"
SERVER_NAME = "moodline-inference"
INPUT_NAME = "text"
PLATFORM = "onnx_onnxv1"
EXTENSIONS = ["binary_tensor_data"]

INPUT = "/inputs/0"
DATA = f"{INPUT}/data"
_FIELDS = {"id", "model_name", "parameters", "inputs", "outputs"}  # the second is kserve's
_TENSOR_FIELDS = {"name", "shape", "datatype", "parameters", "data"}
_TYPES = {bool: "truth value", int: "whole number", str: "string"}
_FORM = '{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["..."]}]}'


@dataclass(frozen=True, slots=True)
class Output:
    """An output tensor: `row` is the shape of one text's part, `values` returns its data."""

    name: str
    datatype: str
    row: tuple[int, ...]
    values: Callable[[dict[str, Any]], list[Any]]


OUTPUTS = (
    Output("label", "BYTES", (), lambda item: [item["label"]]),
    Output("scores", "FP32", (len(EMOTIONS),), lambda item: [item["scores"][e] for e in EMOTIONS]),
    Output("irony", "FP32", (), lambda item: [item["irony"]]),
)


@dataclass(frozen=True, slots=True)
class OpenInference:
    """The protocol for the one model that is served."""

    model: str
    version: str

    @property
    def model_paths(self) -> tuple[str, str]:
        """Return where the model is found: without its version, and with it."""
        path = f"{ROOT}/models/{self.model}"
        return path, f"{path}/versions/{self.version}"

    @property
    def protocol(self) -> WireProtocol:
        """Return the wire format of an inference."""
        return WireProtocol(check_headers, self.read, refusal)

    def server_page(self) -> Answer:
        """Return the server's metadata."""
        return Answer.of({"name": SERVER_NAME, "version": self.version, "extensions": EXTENSIONS})

    def model_page(self) -> Answer:
        """Return the model's metadata; -1 stands for the number of texts."""
        outputs = [
            {"name": output.name, "datatype": output.datatype, "shape": [-1, *output.row]}
            for output in OUTPUTS
        ]
        return Answer.of(
            {
                "name": self.model,
                "versions": [self.version],
                "platform": PLATFORM,
                "inputs": [{"name": INPUT_NAME, "datatype": "BYTES", "shape": [-1]}],
                "outputs": outputs,
            }
        )

    def models_page(self) -> Answer:
        """Return the names of the models, as KServe's servers list them."""
        return Answer.of({"models": [self.model]})

    def repository_index(self, body: bytes, ready: bool) -> Answer:
        """Return Triton's list of models with their states; `body` may ask for ready ones alone."""
        document = read_object(body, '{"ready": true}') if body.strip() else {}
        if unknown := unknown_fields(document, {"ready"}):
            raise wrong_shape(*unknown)
        only_ready = document.get("ready")
        if not isinstance(only_ready, bool | None):
            raise wrong_shape(Fault("/ready", "must be true or false"))
        state, reason = ("READY", "") if ready else ("LOADING", "the model is being made ready")
        entry = {"name": self.model, "version": self.version, "state": state, "reason": reason}
        return Answer.of([] if only_ready and not ready else [entry])

    def read(self, body: bytes, limits: Limits, headers: Mapping[str, str]) -> Asked:
        """Read an inference request; raises InvalidRequestError and PayloadTooLargeError."""
        written, binary = split_body(body, headers)
        texts, head, outputs = self.read_document(read_object(written, _FORM), binary, limits)
        return Asked(texts, _Wording(head, outputs))

    def read_document(
        self, document: dict[str, Any], binary: bytes, limits: Limits
    ) -> tuple[list[str], dict[str, Any], dict[Output, bool]]:
        """Return the texts of a request, the head of its answer, and the outputs asked for.

        `binary` is the data of its input, if that is binary; the outputs' values say which of
        them shall be. Raises InvalidRequestError and PayloadTooLargeError.
        """
        if unknown := unknown_fields(document, _FIELDS):
            raise wrong_shape(*unknown)
        request_id = document.get("id")
        if not isinstance(request_id, str | None):
            raise wrong_shape(Fault("/id", "must be a string"))
        if document.get("model_name") not in (None, self.model):
            raise wrong_shape(Fault("/model_name", "must be the model of the path"))
        parameters = _parameters(document, "", {"binary_data_output": bool, "content_type": str})
        outputs = _outputs(document.get("outputs"), parameters.get("binary_data_output", False))
        texts = check_texts(_texts(_tensor(document.get("inputs")), binary, limits), limits)
        head: dict[str, Any] = {"model_name": self.model, "model_version": self.version}
        if request_id is not None:
            head["id"] = request_id
        # A parameter is a string, a number or a boolean, never an array.
        head["parameters"] = {"emotions": ",".join(EMOTIONS)}
        return texts, head, outputs


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output's data, row by row."""

    output: Output
    shape: Sequence[int]
    values: Sequence[Any]

    @classmethod
    def of(cls, output: Output, items: Sequence[dict[str, Any]]) -> Tensor:
        """Return the output's tensor for these classifications."""
        values = [value for item in items for value in output.values(item)]
        return cls(output, [len(items), *output.row], values)


@dataclass(frozen=True, slots=True)
class _Wording:
    """The answer's form: tensors, their data row by row, each in JSON or binary."""

    head: Mapping[str, Any]
    outputs: Mapping[Output, bool]
    """The outputs asked for, and whether they are binary."""

    def __call__(self, classified: bytes) -> Answer:
        items = json.loads(classified)
        tensors: list[dict[str, Any]] = []
        binary: list[bytes] = []
        for output, is_binary in self.outputs.items():
            found = Tensor.of(output, items)
            tensor = {"name": output.name, "datatype": output.datatype, "shape": found.shape}
            if is_binary:
                binary.append(packed(output.datatype, found.values))
                tensors.append({**tensor, "parameters": {SIZE: len(binary[-1])}})
            else:
                tensors.append({**tensor, "data": found.values})
        document = {**self.head, "outputs": tensors}
        written = json.dumps(document).encode()
        if not binary:
            return Answer(200, written)
        headers = ((LENGTH_HEADER, str(len(written))),)
        return Answer(200, b"".join([written, *binary]), BINARY_TYPE, headers)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise UnsupportedMediaError for a body that is not JSON, binary tensors after it or not.

    tritonclient's clients say nothing of the type, or that it is a stream of bytes.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != BINARY_TYPE:
        check_json(headers, unstated=JSON_TYPE)


def refusal(error: RequestError, _: str) -> Answer:
    """Return the protocol's error body, with the status and headers of the contract."""
    body = {"error": one_line(error, DATA)}
    return Answer.of(body, kind_of(error).status, headers=error_headers(error))


def _parameters(holder: Mapping[str, Any], at: str, known: Mapping[str, type]) -> dict[str, Any]:
    """Return the parameters of the object at `at`, those that are not null.

    `known` has the types of those that are honoured. An unknown one is refused, because it may
    ask for other numbers, as `classification` does.
    """
    parameters = holder.get("parameters")
    where = f"{at}/parameters"
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise wrong_shape(Fault(where, "must be an object"))
    given = {
        name: whole_number(value) if known.get(name) is int and type(value) is float else value
        for name, value in parameters.items()
        if value is not None
    }
    faults = unknown_fields(given, known.keys(), where)
    faults += [
        Fault(f"{where}/{name}", f"must be a {_TYPES[known[name]]}")
        for name, value in given.items()
        if name in known and type(value) is not known[name]
    ]
    if given.get("content_type") == "base64":  # MLServer's; it would be read as a text
        faults.append(Fault(f"{where}/content_type", "must not be base64"))
    if faults:
        raise wrong_shape(*faults)
    return given


def _outputs(wanted: Any, binary: bool) -> dict[Output, bool]:
    """Return the outputs asked for, each once, in the order asked for; all if none is named.

    The values say which are binary; `binary` is what the request says of all of them.
    """
    if wanted is None or wanted == []:
        return dict.fromkeys(OUTPUTS, binary)
    if not isinstance(wanted, list):
        raise wrong_shape(Fault("/outputs", "must be an array"))
    found: dict[Output, bool] = {}
    faults: list[Fault] = []
    for index, one in enumerate(wanted):
        at = f"/outputs/{index}"
        name = one.get("name") if isinstance(one, dict) else None
        output = next((output for output in OUTPUTS if output.name == name), None)
        if output is None:
            reason = f"must name one of {', '.join(output.name for output in OUTPUTS)}"
            faults.append(Fault(at, reason))
            continue
        faults += unknown_fields(one, {"name", "parameters"}, at)
        parameters = _parameters(one, at, {"binary_data": bool, "content_type": str})
        is_binary = parameters.get("binary_data", binary)
        if found.setdefault(output, is_binary) != is_binary:
            faults.append(Fault(at, "asks for an output in JSON and in binary"))
    if faults:
        raise wrong_shape(*faults)
    return found


def _tensor(inputs: Any) -> dict[str, Any]:
    """Return the one input, if it is a tensor of strings."""
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise wrong_shape(Fault("/inputs", "must be an array of one tensor"))
    tensor: dict[str, Any] = inputs[0]
    faults = unknown_fields(tensor, _TENSOR_FIELDS, INPUT)
    if not isinstance(tensor.get("name"), str):
        faults.append(Fault(f"{INPUT}/name", "must be a string"))
    if tensor.get("datatype") != "BYTES":
        faults.append(Fault(f"{INPUT}/datatype", 'must be "BYTES"'))
    if faults:
        raise wrong_shape(*faults)
    return tensor


def _texts(tensor: Mapping[str, Any], binary: bytes, limits: Limits) -> list[Any]:
    """Return a tensor's data, not checked yet, from JSON or from the binary data of the body."""
    shape = _shape(tensor.get("shape"))
    size = _parameters(tensor, INPUT, {SIZE: int, "content_type": str}).get(SIZE)
    if size is None:
        if binary:
            reason = f"is missing, and the body has {len(binary)} bytes after its JSON"
            raise wrong_shape(Fault(f"{INPUT}/parameters/{SIZE}", reason))
        return _data(tensor, shape)
    if tensor.get("data") is not None:
        raise wrong_shape(Fault(DATA, "must not be beside binary data"))
    if size != len(binary):
        reason = (
            f"is {size}, and {len(binary)} bytes follow the JSON, whose length the header"
            " Inference-Header-Content-Length says"
        )
        raise wrong_shape(Fault(f"{INPUT}/parameters/{SIZE}", reason))
    if shape[0] > limits.texts:
        reason = f"has {shape[0]} texts, the limit is {limits.texts}"
        raise PayloadTooLargeError("Too many texts in one request.", [Fault(DATA, reason)])
    return read_texts(binary, shape[0], DATA)


def _shape(written: Any) -> list[int]:
    """Return a tensor's shape, if it is that of n texts."""
    sizes = [whole_number(size) for size in written] if isinstance(written, list) else []
    shape = [size for size in sizes if size is not None and size >= 0]
    if not shape or len(shape) < len(sizes) or shape[1:] not in ([], [1]):
        raise wrong_shape(Fault(f"{INPUT}/shape", "must be [n] or [n, 1], for n texts"))
    return shape


def _data(tensor: Mapping[str, Any], shape: Sequence[int]) -> list[Any]:
    """Return a tensor's data in JSON as a flat list as long as its shape says."""
    data = tensor.get("data")
    if not isinstance(data, list):
        raise wrong_shape(Fault(DATA, "must be an array of texts"))
    if len(shape) == 2 and all(isinstance(row, list) and len(row) == 1 for row in data):
        data = [row[0] for row in data]
    if len(data) != shape[0]:
        raise wrong_shape(Fault(DATA, f"has {len(data)} texts, the shape says {shape[0]}"))
    return data
