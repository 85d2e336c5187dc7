"""Ask a server with tritonclient's gRPC client; print JSON, as ask.py beside it does.

Arguments: host and port of gRPC, the model, and JSON with the texts. Under "fields" are the fields
of the service definition that tritonclient has: by message, their names, numbers and types.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

KEY = {"authorization": "Bearer 0123456789abcdef"}


def tensor(texts: Sequence[str]) -> Any:
    """Return the input tensor."""
    data = np.array([text.encode() for text in texts], dtype=np.object_)
    made = triton.InferInput("text", list(data.shape), "BYTES")
    made.set_data_from_numpy(data)
    return made


def rows(result: Any) -> list[list[Any]]:
    """Return label and scores of each text."""
    pairs = zip(result.as_numpy("label"), result.as_numpy("scores"), strict=True)
    return [[label.decode(), [float(score) for score in row]] for label, row in pairs]


def refused(ask: Callable[[], Any]) -> list[Any]:
    """Return status and text of the error that a call raises."""
    try:
        return ["answered", str(ask())]
    except InferenceServerException as error:
        return [str(error.status()), error.message()]


def fields_of(messages: Any) -> dict[str, Any]:
    """Return the fields of these messages and of those within them."""
    found: dict[str, Any] = {}
    for one in messages:
        found[one.full_name] = {field.name: [field.number, field.type] for field in one.fields}
        found |= fields_of(one.nested_types)
    return found


def main() -> None:
    """Print the answers as one JSON object."""
    address, model, written = sys.argv[1:]
    texts = json.loads(written)
    with triton.InferenceServerClient(address) as client:

        def infer(model: str = model, texts: Sequence[str] = texts, **options: Any) -> Any:
            return client.infer(model, [tensor(texts)], **{"headers": KEY, **options})

        wanted = [triton.InferRequestedOutput(name) for name in ("scores", "label")]
        ranked = [triton.InferRequestedOutput("label", class_count=3)]
        answers: dict[str, Any] = {
            "raw": rows(infer()),
            "outputs by name": rows(infer(outputs=wanted)),
            "gzip": rows(infer(compression_algorithm="gzip")),
            "pages": [
                client.is_server_live(),
                client.is_server_ready(),
                client.is_model_ready(model),
                client.get_server_metadata(headers=KEY).name,
                client.get_model_metadata(model, headers=KEY).name,
            ],
            "refused": {
                "no key": refused(lambda: infer(headers={})),
                "other model": refused(lambda: infer(model="other")),
                "class_count": refused(lambda: infer(outputs=ranked)),
                "too many": refused(lambda: infer(texts=["a"] * 257)),
            },
        }
    with grpc.insecure_channel(address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name=model)
        added = request.inputs.add(name="text", datatype="BYTES", shape=[len(texts)])
        added.contents.bytes_contents.extend(text.encode() for text in texts)
        answer = stub.ModelInfer(request, metadata=tuple(KEY.items()))
        label, scores, _ = (output.contents for output in answer.outputs)
        floats = list(scores.fp32_contents)
        answers["contents"] = [
            [name.decode(), floats[7 * row : 7 * row + 7]]
            for row, name in enumerate(label.bytes_contents)
        ]
    answers["fields"] = fields_of(service_pb2.DESCRIPTOR.message_types_by_name.values())
    sys.stdout.write(json.dumps(answers))


main()
