"""The peers: how each is started and asked. Infinity has a module of its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.runtime.processes import free_port
from benchmarks.peers.contract import Answer, Call, Server, Setup, classify_call
from benchmarks.peers.processes import ROOT, launch
from serving.classifier.artifact import EMOTIONS

MLSERVER_MODEL = "emotion"

Words = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class CommandPeer:
    """A peer that one command starts; it takes `{"texts": [...]}` at `path`."""

    command: Callable[[Setup], Words]
    path: str = "/classify"
    environment: Callable[[Setup], Mapping[str, str]] = field(default=lambda _: {})

    def start(self, setup: Setup) -> Server:
        return launch(setup, self.command(setup), self.environment(setup))

    def call(self, setup: Setup, texts: Sequence[str]) -> Call:  # noqa: ARG002 -- as in Peer
        return classify_call(self.path, texts)


def moodline(scheduler: str = "continuous") -> CommandPeer:
    """Return our server with its default settings but for the scheduler, and no result cache."""

    def environment(setup: Setup) -> dict[str, str]:
        return {
            "SERVING_HOST": "127.0.0.1",
            "SERVING_PORT": str(setup.port),
            "SERVING_MODEL_DIR": str(setup.model_dir),
            "SERVING_CACHE_TEXTS": "0",
            "SERVING_SCHEDULER": scheduler,
        }

    return CommandPeer(lambda setup: [setup.python, "-m", "serving"], "/v1/classify", environment)


def program(name: str) -> CommandPeer:
    """Return a peer that is a Python program of `servers/` with its own batching."""
    return CommandPeer(lambda setup: [setup.python, "-m", f"benchmarks.peers.servers.{name}"])


def _gunicorn(setup: Setup) -> Words:
    options = ["--workers", "1", "--threads", "8", "--bind", f"127.0.0.1:{setup.port}"]
    app = "benchmarks.peers.servers.flask_app:app"
    return [setup.python, "-m", "gunicorn", *options, "--keep-alive", "30", app]


def _bentoml(setup: Setup) -> Words:
    service = "benchmarks.peers.servers.bento_service:EmotionService"
    options = ["--working-dir", str(ROOT), "--host", "127.0.0.1", "--port", str(setup.port)]
    return [setup.python, "-m", "bentoml", "serve", service, *options]


FLASK_GUNICORN = CommandPeer(_gunicorn)
"""One process of eight threads, one run per request."""

BENTOML_PLAIN = CommandPeer(
    _bentoml, environment=lambda setup: {"BENTOML_HOME": str(setup.folder / "home")}
)
"""BentoML as most people write it: one service, one batchable method, nothing tuned."""


class ModelAlone:
    """The limit: no server; the client's process runs the model (see client/load.py)."""

    def start(self, setup: Setup) -> Server:  # noqa: ARG002 -- as in Peer
        return Server()

    def call(self, setup: Setup, texts: Sequence[str]) -> Call:  # noqa: ARG002 -- as in Peer
        return classify_call("", texts)


class MlServer:
    """MLServer: a runtime of its own with adaptive batching, over the Open Inference Protocol."""

    def start(self, setup: Setup) -> Server:
        """Write MLServer's two settings files and start it."""
        settings = {
            "host": "127.0.0.1",
            "http_port": setup.port,
            "grpc_port": free_port(),
            "metrics_port": free_port(),
            "metrics_dir": str(setup.folder),
            "debug": False,
        }
        model = {
            "name": MLSERVER_MODEL,
            "implementation": "benchmarks.peers.servers.mlserver_runtime.EmotionRuntime",
            "max_batch_size": 64,
            "max_batch_time": 0.005,
        }
        (setup.folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        (setup.folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
        return launch(setup, [setup.python.parent / "mlserver", "start", setup.folder])

    def call(self, setup: Setup, texts: Sequence[str]) -> Call:  # noqa: ARG002 -- as in Peer
        """Return the protocol's request: one BYTES tensor with one row per text."""
        tensor = {
            "name": "texts",
            "shape": [len(texts), 1],
            "datatype": "BYTES",
            "parameters": {"content_type": "str"},
            "data": list(texts),
        }
        body = json.dumps({"inputs": [tensor]}).encode()
        return Call(f"/v2/models/{MLSERVER_MODEL}/infer", body, read_tensors)


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
