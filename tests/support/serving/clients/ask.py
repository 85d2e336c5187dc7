"""Ask a server with other people's clients, used as their documentation shows; print JSON.

Runs in an environment of its own, made from requirements.txt beside it, because these clients pin
other versions than the project. Arguments: the server's host and port, those of gRPC, its model,
and JSON with the texts. Each client's answer is under its name: per text the label and the seven
scores, or text and status of the error that the client raises.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from huggingface_hub import InferenceClient
from huggingface_hub.errors import BadRequestError
from kserve import (
    InferenceGRPCClient,
    InferenceRESTClient,
    InferInput,
    InferRequest,
    RESTConfig,
)
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import InferenceServerException

SECRET = "0123456789abcdef"
Rows = list[list[Any]]


def key() -> dict[str, str]:
    """Return new headers with the key: tritonclient writes its own into those that it is given."""
    return {"authorization": f"Bearer {SECRET}"}


def rows(labels: Sequence[Any], scores: Any) -> Rows:
    """Return label and scores of each text."""
    names = [label.decode() if isinstance(label, bytes) else str(label) for label in labels]
    return [
        [name, [float(score) for score in row]] for name, row in zip(names, scores, strict=True)
    ]


def triton_input(module: Any, texts: Sequence[str], binary: bool) -> Any:
    """Return the input tensor, [n, 1] where it is binary and [n] where it is not."""
    data = np.array([text.encode() for text in texts], dtype=np.object_)
    data = data.reshape(-1, 1) if binary else data
    tensor = module.InferInput("text", list(data.shape), "BYTES")
    tensor.set_data_from_numpy(data, binary_data=binary)
    return tensor


def triton_rows(result: Any) -> Rows:
    """Return the rows of a result of either of tritonclient's HTTP clients."""
    return rows(result.as_numpy("label"), result.as_numpy("scores"))


def outputs(module: Any, binary: bool, **options: Any) -> list[Any]:
    """Return both outputs, asked for by name."""
    return [
        module.InferRequestedOutput(name, binary_data=binary, **options)
        for name in ("label", "scores")
    ]


def ask_triton(address: str, model: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return what tritonclient's blocking client is answered."""
    answers: dict[str, Any] = {}
    with triton.InferenceServerClient(address) as client:

        def infer(binary: bool, **options: Any) -> Rows:
            inputs = [triton_input(triton, texts, binary)]
            return triton_rows(client.infer(model, inputs, headers=key(), **options))

        answers["triton"] = infer(True)
        answers["triton outputs by name"] = infer(True, outputs=outputs(triton, True))
        answers["triton json"] = infer(False, outputs=outputs(triton, False))
        answers["triton binary in, json out"] = infer(True, outputs=outputs(triton, False))
        answers["triton json in, binary out"] = infer(False, outputs=outputs(triton, True))
        for packing in ("gzip", "deflate"):
            answers[f"triton {packing}"] = infer(True, request_compression_algorithm=packing)
        for name, options in {
            "class_count": {"outputs": outputs(triton, True, class_count=3)},
            "parameters": {"parameters": {"top_k": 3}},
        }.items():
            answers[f"triton refused {name}"] = refused(partial(infer, True, **options))
        answers["triton pages"] = {
            "live": client.is_server_live(),
            "ready": client.is_model_ready(model),
            "index": client.get_model_repository_index(headers=key()),
            "metadata": client.get_model_metadata(model, headers=key())["name"],
            "extensions": client.get_server_metadata(headers=key())["extensions"],
        }
    return answers


def refused(ask: Callable[[], Any]) -> list[Any]:
    """Return status and text of the error that a call of tritonclient raises."""
    try:
        return ["answered", ask()]
    except InferenceServerException as error:
        return [str(error.status()), error.message()]


async def ask_triton_aio(address: str, model: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return what tritonclient's asyncio client is answered."""
    answers: dict[str, Any] = {}
    async with triton_aio.InferenceServerClient(address) as client:
        for name, binary in (("triton aio", True), ("triton aio json", False)):
            inputs = [triton_input(triton_aio, texts, binary)]
            wanted = None if binary else outputs(triton_aio, False)
            result = await client.infer(model, inputs, outputs=wanted, headers=key())
            answers[name] = triton_rows(result)
    return answers


def kserve_rows(answer: Any) -> Rows:
    """Return the rows of a result of either of kserve's clients."""
    tensors = {output.name: output.as_numpy() for output in answer.outputs}
    return rows(tensors["label"], tensors["scores"])


async def ask_kserve(
    address: str, grpc_address: str, model: str, texts: Sequence[str]
) -> dict[str, Any]:
    """Return what kserve's clients are answered."""
    answers: dict[str, Any] = {}
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    for name, binary in (("kserve", True), ("kserve json", False)):
        tensor = InferInput("text", [len(texts)], "BYTES")
        tensor.set_data_from_numpy(np.array(list(texts), dtype=np.object_), binary_data=binary)
        wanted = [RequestedOutput(one, {"binary_data": binary}) for one in ("label", "scores")]
        request = InferRequest(model, [tensor], request_outputs=wanted)
        url = f"http://{address}"
        answer = await client.infer(url, request, model_name=model, headers=key())
        answers[name] = kserve_rows(answer)
        over_grpc = InferenceGRPCClient(grpc_address)
        request = InferRequest(model, [tensor])
        answer = await over_grpc.infer(request, headers=tuple(key().items()))
        answers[name.replace("kserve", "kserve grpc")] = kserve_rows(answer)
        await over_grpc.close()
    answers["kserve pages"] = {
        "live": await client.is_server_live(url),
        "ready": await client.is_model_ready(url, model),
    }
    await client.close()
    return answers


def ask_hugging_face(address: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return what huggingface_hub's client is answered: per text label and score, ranked."""
    answers: dict[str, Any] = {}
    for name, path in (("", ""), (" on /predict", "/predict")):
        client = InferenceClient(f"http://{address}{path}", token=SECRET)
        for options in ({}, {"top_k": 3}, {"top_k": 100, "function_to_apply": "softmax"}):
            shown = "".join(f" {option} {value}" for option, value in options.items())
            answers[f"hugging face{name}{shown}"] = [
                [[one.label, one.score] for one in client.text_classification(text, **options)]
                for text in texts
            ]
    for option, value in (
        ("top_k", 0), ("top_k", -1), ("function_to_apply", "none"), ("function_to_apply", "sigmoid")
    ):  # fmt: skip
        try:
            client.text_classification(texts[0], **{option: value})
            answers[f"hugging face refused {option} {value}"] = "answered"
        except BadRequestError as error:
            answers[f"hugging face refused {option} {value}"] = str(error)
    return answers


def main() -> None:
    """Print the answers of all clients as one JSON object."""
    address, grpc_address, model, written = sys.argv[1:]
    texts = json.loads(written)
    answers = ask_triton(address, model, texts)
    answers |= asyncio.run(ask_triton_aio(address, model, texts))
    answers |= asyncio.run(ask_kserve(address, grpc_address, model, texts))
    answers |= ask_hugging_face(address, texts)
    sys.stdout.write(json.dumps(answers))


main()
