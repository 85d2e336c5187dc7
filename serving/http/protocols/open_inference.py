"""The Open Inference Protocol v2 (KServe, Triton, MLServer), REST, over the same classifier.

After `specification/protocol/inference_rest.md` of kserve/open-inference-protocol. One model,
one version; one input, a BYTES tensor of texts, whatever its name; three outputs. JSON only:
binary tensors are refused, and a request for binary outputs is answered in JSON, which clients
of that extension read too. Unknown parameters are ignored.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serving.classifier.artifact import EMOTIONS
from serving.errors import Fault, RequestError, UnsupportedMediaError
from serving.http.messages import JSON_TYPE, Answer, Asked, WireProtocol
from serving.http.problems import error_headers, kind_of, one_line
from serving.http.protocols.native import check_json, check_texts, read_object, wrong_shape
from serving.schemas import Limits

ROOT = "/v2"
SERVER_NAME = "moodline-inference"
INPUT_NAME = "text"
PLATFORM = "onnx_onnxv1"
BINARY_HEADER = "inference-header-content-length"
"""The header that says, in the protocol's binary tensor extension, where the JSON ends."""

_DATA = "/inputs/0/data"
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
        return Answer.of({"name": SERVER_NAME, "version": self.version, "extensions": []})

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

    def read(self, body: bytes, limits: Limits) -> Asked:
        """Read an inference request; raises InvalidRequestError and PayloadTooLargeError."""
        document = read_object(body, _FORM)
        request_id = document.get("id")
        if not isinstance(request_id, str | None):
            raise wrong_shape(Fault("/id", "must be a string"))
        outputs = _outputs(document.get("outputs"))
        texts = check_texts(_data(_tensor(document.get("inputs"))), limits)
        head: dict[str, Any] = {"model_name": self.model, "model_version": self.version}
        if request_id is not None:
            head["id"] = request_id
        return Asked(texts, _Wording(head, outputs))


@dataclass(frozen=True, slots=True)
class _Wording:
    """The answer's form: tensors, their data row by row."""

    head: Mapping[str, Any]
    outputs: tuple[Output, ...]

    def __call__(self, classified: bytes) -> bytes:
        items = json.loads(classified)
        tensors = [
            {
                "name": output.name,
                "datatype": output.datatype,
                "shape": [len(items), *output.row],
                "data": [value for item in items for value in output.values(item)],
            }
            for output in self.outputs
        ]
        # A parameter is a string, a number or a boolean, never an array.
        parameters = {"emotions": ",".join(EMOTIONS)}
        document = {**self.head, "parameters": parameters, "outputs": tensors}
        return json.dumps(document).encode()


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise UnsupportedMediaError for anything but JSON, which tritonclient sends untyped."""
    if BINARY_HEADER in headers:
        raise UnsupportedMediaError(
            "Binary tensors are not read: send the texts as JSON, in `data` (in tritonclient:"
            " `binary_data=False`)."
        )
    check_json(headers, unstated=JSON_TYPE)


def refusal(error: RequestError, _: str) -> Answer:
    """Return the protocol's error body, with the status and headers of the contract."""
    body = {"error": one_line(error, _DATA)}
    return Answer.of(body, kind_of(error).status, headers=error_headers(error))


def _outputs(wanted: Any) -> tuple[Output, ...]:
    """Return the outputs asked for, each once, in the order asked for; all if none is named."""
    if wanted is None or wanted == []:
        return OUTPUTS
    if not isinstance(wanted, list):
        raise wrong_shape(Fault("/outputs", "must be an array"))
    names = [one.get("name") if isinstance(one, dict) else None for one in wanted]
    found = {output.name: output for name in names for output in OUTPUTS if output.name == name}
    unknown = [index for index, name in enumerate(names) if name not in list(found)]
    if unknown:
        reason = f"must name one of {', '.join(output.name for output in OUTPUTS)}"
        raise wrong_shape(*(Fault(f"/outputs/{index}", reason) for index in unknown))
    return tuple(found.values())


def _tensor(inputs: Any) -> dict[str, Any]:
    """Return the one input, if it is a tensor of strings in JSON."""
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise wrong_shape(Fault("/inputs", "must be an array of one tensor"))
    tensor: dict[str, Any] = inputs[0]
    parameters = tensor.get("parameters") or {}
    faults: list[Fault] = []
    if not isinstance(tensor.get("name"), str):
        faults.append(Fault("/inputs/0/name", "must be a string"))
    if tensor.get("datatype") != "BYTES":
        faults.append(Fault("/inputs/0/datatype", 'must be "BYTES"'))
    if not isinstance(parameters, dict):
        faults.append(Fault("/inputs/0/parameters", "must be an object"))
    elif "binary_data_size" in parameters:
        where = "/inputs/0/parameters/binary_data_size"
        faults.append(Fault(where, "is not taken: binary tensors are not read, send JSON in data"))
    elif parameters.get("content_type") == "base64":  # MLServer's; it would be read as a text
        faults.append(Fault("/inputs/0/parameters/content_type", "must not be base64"))
    if faults:
        raise wrong_shape(*faults)
    return tensor


def _data(tensor: Mapping[str, Any]) -> list[Any]:
    """Return a tensor's data as a flat list as long as its shape says, [n] or [n, 1]."""
    shape, data = tensor.get("shape"), tensor.get("data")
    if (
        not isinstance(shape, list)
        or not all(type(size) is int and size >= 0 for size in shape)
        or shape[1:] not in ([], [1])
        or not shape
    ):
        raise wrong_shape(Fault("/inputs/0/shape", "must be [n] or [n, 1], for n texts"))
    if not isinstance(data, list):
        raise wrong_shape(Fault(_DATA, "must be an array of texts"))
    if len(shape) == 2 and all(isinstance(row, list) and len(row) == 1 for row in data):
        data = [row[0] for row in data]
    if len(data) != shape[0]:
        raise wrong_shape(Fault(_DATA, f"has {len(data)} texts, the shape says {shape[0]}"))
    return data
