"""MLServer: a runtime of its own with adaptive batching, over the Open Inference Protocol."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.contract import Answer, Call, Place, Server
from benchmarks.peers.processes import end, free_port, launch
from serving.classifier.artifact import EMOTIONS

MODEL = "emotion"
MAX_BATCH_REQUESTS = 64
WAIT_SECONDS = 0.005


def start(place: Place) -> Server:
    """Write MLServer's two settings files and start it."""
    settings = {
        "host": "127.0.0.1",
        "http_port": place.port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "debug": False,
    }
    model = {
        "name": MODEL,
        "implementation": "benchmarks.peers.servers.mlserver_runtime.EmotionRuntime",
        "max_batch_size": MAX_BATCH_REQUESTS,
        "max_batch_time": WAIT_SECONDS,
    }
    (place.folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (place.folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    return launch(place, [place.python.parent / "mlserver", "start", place.folder])


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the protocol's request: one BYTES tensor of as many rows as texts."""
    tensor = {
        "name": "texts",
        "shape": [len(texts), 1],
        "datatype": "BYTES",
        "parameters": {"content_type": "str"},
        "data": list(texts),
    }
    body = json.dumps({"inputs": [tensor]}).encode()
    return Call(f"/v2/models/{MODEL}/infer", body, read_tensors)


def stop(server: Server) -> None:
    """End it."""
    end(server)


def read_tensors(body: bytes) -> list[Answer]:
    """Read the tensors label [n, 1], scores [n, 7] and irony [n, 1]; ValueError if not there."""
    try:
        data: dict[str, list[Any]] = {
            tensor["name"]: tensor["data"] for tensor in json.loads(body)["outputs"]
        }
        width = len(EMOTIONS)
        rows = [data["scores"][at : at + width] for at in range(0, len(data["scores"]), width)]
        return [
            Answer(str(label), dict(zip(EMOTIONS, map(float, row), strict=True)), float(irony))
            for label, row, irony in zip(data["label"], rows, data["irony"], strict=True)
        ]
    except (KeyError, TypeError) as exc:
        raise ValueError("the answer has not the tensors of a classification") from exc
