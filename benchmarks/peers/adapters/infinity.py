"""Infinity with PyTorch, its usual engine, which loads checkpoints and no ONNX file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.peers.adapters.infinity_engine import (
    classify_request,
    configuration,
    copy_folder,
    launch_engine,
)
from benchmarks.peers.contract import Call, PeerUnavailableError, Place, Server
from benchmarks.peers.processes import end
from serving.classifier.artifact import open_model


def start(place: Place) -> Server:
    """Start Infinity with the unquantised checkpoint; PeerUnavailableError where there is none."""
    if place.torch_dir is None or not (place.torch_dir / "config.json").is_file():
        raise PeerUnavailableError(
            "there is no PyTorch checkpoint of the model: name the folder of one that matches"
            " serving/model with --torch-model"
        )
    folder = copy_folder(place.torch_dir, place.folder / "model")
    config = json.loads((place.torch_dir / "config.json").read_text(encoding="utf-8"))
    config |= configuration(open_model(place.model_dir))
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return launch_engine(place, "torch", folder)


def call(place: Place, texts: Sequence[str]) -> Call:
    """Return Infinity's request."""
    return classify_request(place, texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
