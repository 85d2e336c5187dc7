"""What the two engines of Infinity have in common: model folder, command, request, answer.

Infinity has no place for normalisation of one's own, so texts go to it normalised. It would put
all eight outputs through one softmax; as a "regression" it hands them out as they are, and they
become probabilities where they are read, as they do in our own server.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers.contract import Answer, Call, Place, Server
from benchmarks.peers.processes import launch
from serving.classifier.artifact import ModelArtifact, open_model
from serving.classifier.classifier import decode
from serving.classifier.preprocess import normalise
from serving.classifier.tokenizer import Encoded

MODEL = "emotion"
BATCH_TEXTS = 64
_UNREAD = Encoded((), truncated=False)


def launch_engine(place: Place, engine: str, folder: Path) -> Server:
    """Start Infinity with the model in `folder`."""
    options = {
        "--model-id": ".",  # optimum finds the ONNX file by its bare name alone
        "--served-model-name": MODEL,
        "--engine": engine,
        "--device": "cpu",
        "--batch-size": str(BATCH_TEXTS),
        "--host": "127.0.0.1",
        "--port": str(place.port),
        "--log-level": "warning",
    }
    words = [word for option in options.items() for word in option]
    # This engine cuts no text, and the one that it would warm up with is longer than the model.
    optimum = ["--onnx-disable-optimize", "--no-model-warmup"]
    flags = optimum if engine == "optimum" else []
    home = {"HF_HOME": str(place.folder / "hf")}
    command = [place.python.parent / "infinity_emb", "v2", *words, *flags]
    return launch(place, command, home, folder)


def classify_request(place: Place, texts: Sequence[str]) -> Call:
    """Return Infinity's request for `texts`."""
    body = json.dumps({"model": MODEL, "input": [normalise(text) for text in texts]}).encode()
    return Call("/classify", body, functools.partial(read_outputs, _opened(place.model_dir)))


def read_outputs(artifact: ModelArtifact, body: bytes) -> list[Answer]:
    """Turn the outputs of each text into probabilities; ValueError when they are not there."""
    try:
        rows = [
            {item["label"]: float(item["score"]) for item in items}
            for items in json.loads(body)["data"]
        ]
        logits = np.array([[row[name] for name in artifact.labels] for row in rows], np.float32)
    except (KeyError, TypeError) as exc:
        raise ValueError("the answer has not one score a label") from exc
    decoded = decode(logits, [_UNREAD] * len(rows), artifact.temperature)
    return [Answer(one.label, one.scores, one.irony) for one in decoded]


def copy_folder(source: Path, target: Path) -> Path:
    """Make `target` anew with links to the files of `source`, and its own configuration."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file() and file.name != "config.json":
            (target / file.name).symlink_to(file.resolve())
    return target


def configuration(artifact: ModelArtifact) -> dict[str, object]:
    """Return what `config.json` must say of the outputs."""
    return {
        "id2label": {str(place): name for place, name in enumerate(artifact.labels)},
        "label2id": {name: place for place, name in enumerate(artifact.labels)},
        "problem_type": "regression",
    }


@functools.cache
def _opened(model_dir: Path) -> ModelArtifact:
    return open_model(model_dir)
