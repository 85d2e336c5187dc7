"""The Open Inference Protocol over gRPC: its messages to the documents of the REST form, and back.

What a request may hold is decided by `serving.http.protocols.open_inference`, for both. Texts come
as raw_input_contents (tritonclient, kserve) or as the tensor's bytes_contents (what is made of the
service definition); outputs are answered in the same form, unless the parameter
binary_data_output says which: raw if it is true.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import DecodeError

from serving.errors import Fault, InvalidRequestError, NotFoundError, RequestError
from serving.http.messages import Answer, Asked, WireProtocol
from serving.http.problems import error_headers, kind_of, one_line
from serving.http.protocols.binary_tensors import SIZE, packed
from serving.http.protocols.native import wrong_shape
from serving.http.protocols.open_inference import DATA, INPUT, OpenInference, Output, Tensor
from serving.rpc.messages import message
from serving.schemas import Limits

MESSAGE_TYPE = "application/grpc+proto"
_CONTENTS = f"{INPUT}/contents/bytes_contents"
_LONGEST_MESSAGE = 2000
"""Characters of an error's message, which is a header, and clients take 8 KiB of those."""

_InferRequest = message("ModelInferRequest")
_InferResponse = message("ModelInferResponse")
_ModelRequests = {name: message(name) for name in ("ModelReadyRequest", "ModelMetadataRequest")}


@dataclass(frozen=True, slots=True)
class GrpcOpenInference:
    """The protocol's messages for the one model that is served."""

    model: OpenInference

    @property
    def protocol(self) -> WireProtocol:
        """Return the wire format of an inference."""
        return WireProtocol(lambda _: None, self.read, refusal)

    def server_live(self) -> Answer:
        """Return that the process answers."""
        return _answer("ServerLiveResponse", {"live": True})

    def server_ready(self, ready: bool) -> Answer:
        """Return whether texts are classified yet."""
        return _answer("ServerReadyResponse", {"ready": ready})

    def server_metadata(self) -> Answer:
        """Return the server's metadata."""
        return _answer("ServerMetadataResponse", json.loads(self.model.server_page().body))

    def model_ready(self, body: bytes, ready: bool) -> Answer:
        """Return whether the model of the request classifies texts yet."""
        asked = _parsed(_ModelRequests["ModelReadyRequest"], body)
        self._check_model(asked.name, asked.version)
        return _answer("ModelReadyResponse", {"ready": ready})

    def model_metadata(self, body: bytes) -> Answer:
        """Return the metadata of the model of the request."""
        asked = _parsed(_ModelRequests["ModelMetadataRequest"], body)
        self._check_model(asked.name, asked.version)
        return _answer("ModelMetadataResponse", json.loads(self.model.model_page().body))

    def read(self, body: bytes, limits: Limits, _: Mapping[str, str]) -> Asked:
        """Read a ModelInferRequest.

        Raises NotFoundError, InvalidRequestError and PayloadTooLargeError.
        """
        request = _parsed(_InferRequest, body)
        self._check_model(request.model_name, request.model_version)
        document, raw = _document(request)
        texts, head, outputs = self.model.read_document(document, raw, limits)
        if len(set(outputs.values())) > 1:
            reason = "ask for raw data of some and not of others: it is all of them or none"
            raise wrong_shape(Fault("/outputs", reason))
        return Asked(texts, partial(_worded, head, outputs, raw=all(outputs.values())))

    def _check_model(self, name: str, version: str) -> None:
        if name != self.model.model or version not in ("", self.model.version):
            raise NotFoundError(
                f"The model that is served is {self.model.model}, version {self.model.version}."
            )


def refusal(error: RequestError, _: str) -> Answer:
    """Return an error's text as the body, with the status and headers of the contract."""
    said = one_line(error, _CONTENTS).replace(DATA, _CONTENTS)  # where REST has the texts
    if len(said) > _LONGEST_MESSAGE:
        said = f"{said[:_LONGEST_MESSAGE]}..."
    return Answer(kind_of(error).status, said.encode(), MESSAGE_TYPE, error_headers(error))


def _document(request: Any) -> tuple[dict[str, Any], bytes]:
    """Return a ModelInferRequest as the JSON document of the REST form, and its binary data."""
    raws: Sequence[bytes] = request.raw_input_contents
    if raws and len(raws) != len(request.inputs):
        reason = f"has {len(raws)} elements, and there are {len(request.inputs)} inputs"
        raise wrong_shape(Fault("/raw_input_contents", reason))
    inputs = []
    for number, tensor in enumerate(request.inputs):
        at = f"/inputs/{number}"
        parameters = _parameters(tensor.parameters, f"{at}/parameters")
        written = {
            "name": tensor.name,
            "datatype": tensor.datatype,
            "shape": list(tensor.shape),
            "parameters": parameters,
        }
        size = len(raws[number]) if raws else None
        if parameters.get(SIZE, size) != size:  # kserve's client sends it here too
            reason = "must be the length of the tensor's raw_input_contents, or be left out"
            raise wrong_shape(Fault(f"{at}/parameters/{SIZE}", reason))
        if raws:
            parameters[SIZE] = size
        if not raws or tensor.contents.ListFields():
            written["data"] = _data(tensor.contents, f"{at}/contents")
        inputs.append(written)
    parameters = {"binary_data_output": bool(raws), **_parameters(request.parameters)}
    outputs = [
        {"name": one.name, "parameters": _parameters(one.parameters, f"/outputs/{n}/parameters")}
        for n, one in enumerate(request.outputs)
    ]
    document = {"parameters": parameters, "inputs": inputs, "outputs": outputs}
    if request.id:
        document["id"] = request.id
    return document, b"".join(raws)


def _data(contents: Any, at: str) -> list[str]:
    """Return the texts of a tensor's contents."""
    others = [field.name for field, _ in contents.ListFields() if field.name != "bytes_contents"]
    if others:
        raise wrong_shape(*(Fault(f"{at}/{name}", "must be bytes_contents") for name in others))
    texts = []
    for index, data in enumerate(contents.bytes_contents):
        try:
            texts.append(data.decode("utf-8"))
        except UnicodeDecodeError as exc:
            raise wrong_shape(Fault(f"{_CONTENTS}/{index}", "is not UTF-8")) from exc
    return texts


def _parameters(parameters: Mapping[str, Any], at: str = "/parameters") -> dict[str, Any]:
    """Return parameters by name; which of them are known is decided by the reader."""
    found = {}
    for name, parameter in parameters.items():
        kind = parameter.WhichOneof("parameter_choice")
        if kind is None:
            raise wrong_shape(Fault(f"{at}/{name}", "has no value"))
        found[name] = getattr(parameter, kind)
    return found


def _worded(
    head: Mapping[str, Any], outputs: Iterable[Output], classified: bytes, *, raw: bool
) -> Answer:
    """Return the ModelInferResponse of classifications in JSON."""
    response = _InferResponse(
        model_name=head["model_name"], model_version=head["model_version"], id=head.get("id", "")
    )
    for name, value in head["parameters"].items():
        response.parameters[name].string_param = value
    items = json.loads(classified)
    for tensor in (Tensor.of(output, items) for output in outputs):
        output = tensor.output
        added = response.outputs.add(name=output.name, datatype=output.datatype, shape=tensor.shape)
        if raw:
            response.raw_output_contents.append(packed(output.datatype, tensor.values))
        elif output.datatype == "FP32":
            added.contents.fp32_contents.extend(tensor.values)
        else:
            added.contents.bytes_contents.extend(value.encode() for value in tensor.values)
    return Answer(200, response.SerializeToString(), MESSAGE_TYPE)


def _parsed(kind: Any, body: bytes) -> Any:
    """Return the message in `body`; InvalidRequestError when it is none."""
    try:
        return kind.FromString(body)
    except DecodeError as exc:
        raise InvalidRequestError(f"The body is not a {kind.DESCRIPTOR.full_name}.") from exc


def _answer(name: str, document: Any) -> Answer:
    return Answer(200, ParseDict(document, message(name)()).SerializeToString(), MESSAGE_TYPE)
