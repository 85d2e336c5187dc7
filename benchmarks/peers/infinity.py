"""Infinity as a peer: with PyTorch, which loads checkpoints only, or with ONNX Runtime.

Infinity takes no custom normalisation, so texts are sent to it normalised. It would put all eight
outputs through one softmax; as a "regression" it returns them unchanged, and they become
probabilities where they are read, as they do in our own server.
"""

import functools
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers.contract import Answer, Call, PeerUnavailableError, Server, Setup
from benchmarks.peers.processes import launch
from serving.classifier.artifact import ModelArtifact, open_model
from serving.classifier.classifier import decode
from serving.classifier.preprocess import normalise
from serving.classifier.tokenizer import Encoded

MODEL = "emotion"
BATCH_TEXTS = 64
_opened = functools.cache(open_model)
_UNREAD = Encoded((), truncated=False)
_SPECIAL = ("pad", "unk", "cls", "sep", "mask")


@dataclass(frozen=True, slots=True)
class Infinity:
    """Infinity with one of its engines, which finds its model in `model_folder`."""

    engine: str
    model_folder: Callable[[Setup], Path]

    def start(self, setup: Setup) -> Server:
        options = {
            "--model-id": ".",  # optimum finds the ONNX file only by its bare name
            "--served-model-name": MODEL,
            "--engine": self.engine,
            "--device": "cpu",
            "--batch-size": str(BATCH_TEXTS),
            "--host": "127.0.0.1",
            "--port": str(setup.port),
            "--log-level": "warning",
        }
        words = [word for option in options.items() for word in option]
        # This engine truncates no text, and its warm-up text is longer than the model takes.
        optimum = ["--onnx-disable-optimize", "--no-model-warmup"]
        flags = optimum if self.engine == "optimum" else []
        home = {"HF_HOME": str(setup.folder / "hf")}
        command: list[str | Path] = [setup.python.parent / "infinity_emb", "v2", *words, *flags]
        return launch(setup, command, home, self.model_folder(setup))

    def call(self, setup: Setup, texts: Sequence[str]) -> Call:
        body = json.dumps({"model": MODEL, "input": [normalise(text) for text in texts]}).encode()
        return Call("/classify", body, functools.partial(read_outputs, _opened(setup.model_dir)))


def checkpoint_folder(setup: Setup) -> Path:
    """Return the unquantised checkpoint's folder; PeerUnavailableError where there is none."""
    if setup.torch_dir is None or not (setup.torch_dir / "config.json").is_file():
        raise PeerUnavailableError(
            "there is no PyTorch checkpoint of the model: name the folder of one that matches"
            " serving/model with --torch-model"
        )
    config = json.loads((setup.torch_dir / "config.json").read_text(encoding="utf-8"))
    config |= _output_configuration(open_model(setup.model_dir))
    return _linked_folder(setup, setup.torch_dir, {"config.json": config})


def onnx_folder(setup: Setup) -> Path:
    """Return a folder with our server's ONNX file and the files that transformers asks for."""
    artifact = open_model(setup.model_dir)
    # Without the architecture Infinity takes the model for one that embeds.
    architecture = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": artifact.max_tokens,
        **{f"{name}_token": f"[{name.upper()}]" for name in _SPECIAL},
    }
    documents = {
        "config.json": {**architecture, **_output_configuration(artifact)},
        "tokenizer_config.json": tokenizer,
    }
    return _linked_folder(setup, setup.model_dir, documents)


def read_outputs(artifact: ModelArtifact, body: bytes) -> list[Answer]:
    """Turn the outputs of each text into probabilities; ValueError when they are not there."""
    try:
        rows = [
            {item["label"]: float(item["score"]) for item in items}
            for items in json.loads(body)["data"]
        ]
        logits = np.array([[row[name] for name in artifact.labels] for row in rows], np.float32)
    except (KeyError, TypeError) as exc:
        raise ValueError("the answer has not one score per label") from exc
    decoded = decode(logits, [_UNREAD] * len(rows), artifact.temperature)
    return [Answer(one.label, one.scores, one.irony) for one in decoded]


def _linked_folder(setup: Setup, source: Path, documents: Mapping[str, object]) -> Path:
    """Make a model folder with links to the files of `source`, and `documents` as JSON files."""
    target = setup.folder / "model"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file() and file.name not in documents:
            (target / file.name).symlink_to(file.resolve())
    for name, document in documents.items():
        (target / name).write_text(json.dumps(document), encoding="utf-8")
    return target


def _output_configuration(artifact: ModelArtifact) -> dict[str, object]:
    return {
        "id2label": {str(index): name for index, name in enumerate(artifact.labels)},
        "label2id": {name: index for index, name in enumerate(artifact.labels)},
        "problem_type": "regression",
    }
