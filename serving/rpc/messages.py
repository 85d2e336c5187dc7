"""The protobuf messages of `inference.GRPCInferenceService`, built at import from one table.

Names, numbers and types are those of the published service definition: `grpc_predict_v2.proto` of
kserve/open-inference-protocol, with the two kinds of parameter that Triton added. Built from a
table, because it reads like the definition and needs no compiler and no generated code, which is
tied to one version of protobuf. The messages have a descriptor pool of their own, so another
package's copy of the definition is no conflict.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"

_REPEATED = "repeated "
_MAP = "map "
_ONEOF = "parameter_choice"
_TENSOR = "TensorMetadata"

_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": (1, "bool")},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": (1, "bool")},
    "ServerMetadataRequest": {},
    "ServerMetadataResponse": {
        "name": (1, "string"), "version": (2, "string"), "extensions": (3, "repeated string"),
    },
    "ModelReadyRequest": {"name": (1, "string"), "version": (2, "string")},
    "ModelReadyResponse": {"ready": (1, "bool")},
    "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
    "ModelMetadataResponse": {
        "name": (1, "string"), "versions": (2, "repeated string"), "platform": (3, "string"),
        "inputs": (4, f"repeated ModelMetadataResponse.{_TENSOR}"),
        "outputs": (5, f"repeated ModelMetadataResponse.{_TENSOR}"),
    },
    f"ModelMetadataResponse.{_TENSOR}": {
        "name": (1, "string"), "datatype": (2, "string"), "shape": (3, "repeated int64"),
    },
    "InferParameter": {
        "bool_param": (1, "bool"), "int64_param": (2, "int64"), "string_param": (3, "string"),
        "double_param": (4, "double"), "uint64_param": (5, "uint64"),
    },
    "InferTensorContents": {
        "bool_contents": (1, "repeated bool"), "int_contents": (2, "repeated int32"),
        "int64_contents": (3, "repeated int64"), "uint_contents": (4, "repeated uint32"),
        "uint64_contents": (5, "repeated uint64"), "fp32_contents": (6, "repeated float"),
        "fp64_contents": (7, "repeated double"), "bytes_contents": (8, "repeated bytes"),
    },
    "ModelInferRequest": {
        "model_name": (1, "string"), "model_version": (2, "string"), "id": (3, "string"),
        "parameters": (4, "map InferParameter"),
        "inputs": (5, "repeated ModelInferRequest.InferInputTensor"),
        "outputs": (6, "repeated ModelInferRequest.InferRequestedOutputTensor"),
        "raw_input_contents": (7, "repeated bytes"),
    },
    "ModelInferRequest.InferInputTensor": {
        "name": (1, "string"), "datatype": (2, "string"), "shape": (3, "repeated int64"),
        "parameters": (4, "map InferParameter"), "contents": (5, "InferTensorContents"),
    },
    "ModelInferRequest.InferRequestedOutputTensor": {
        "name": (1, "string"), "parameters": (2, "map InferParameter"),
    },
    "ModelInferResponse": {
        "model_name": (1, "string"), "model_version": (2, "string"), "id": (3, "string"),
        "parameters": (4, "map InferParameter"),
        "outputs": (5, "repeated ModelInferResponse.InferOutputTensor"),
        "raw_output_contents": (6, "repeated bytes"),
    },
    "ModelInferResponse.InferOutputTensor": {
        "name": (1, "string"), "datatype": (2, "string"), "shape": (3, "repeated int64"),
        "parameters": (4, "map InferParameter"), "contents": (5, "InferTensorContents"),
    },
}  # fmt: skip
"""Fields by message: number and type. A message with a dot in its name stands in another one, and
the fields of InferParameter are a oneof."""


def _definition() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="moodline/open_inference.proto", package=PACKAGE, syntax="proto3"
    )
    made: dict[str, Any] = {}
    for name, fields in _MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        made[name] = (made[outer].nested_type if outer else file.message_type).add(name=inner)
        if name == "InferParameter":
            made[name].oneof_decl.add(name=_ONEOF)
        for field, (number, kind) in fields.items():
            _add_field(made[name], f"{PACKAGE}.{name}", field, number, kind)
            if name == "InferParameter":
                made[name].field[-1].oneof_index = 0
    return file


def _add_field(message: Any, full_name: str, field: str, number: int, kind: str) -> None:
    """Add a field; a map is, on the wire and in a descriptor, a repeated message of two fields."""
    types = descriptor_pb2.FieldDescriptorProto
    repeated = kind.startswith((_REPEATED, _MAP))
    added = message.field.add(name=field, number=number)
    added.label = types.LABEL_REPEATED if repeated else types.LABEL_OPTIONAL
    bare = kind.removeprefix(_REPEATED).removeprefix(_MAP)
    if kind.startswith(_MAP):
        entry = message.nested_type.add(name=f"{field.capitalize()}Entry")
        entry.options.map_entry = True
        _add_field(entry, "", "key", 1, "string")
        _add_field(entry, "", "value", 2, bare)
        added.type, added.type_name = types.TYPE_MESSAGE, f".{full_name}.{entry.name}"
    elif bare in _MESSAGES:
        added.type, added.type_name = types.TYPE_MESSAGE, f".{PACKAGE}.{bare}"
    else:
        added.type = types.Type.Value(f"TYPE_{bare.upper()}")


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_definition())


def message(name: str) -> Any:
    """Return the class of the message with this name."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
