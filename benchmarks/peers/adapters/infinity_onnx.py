"""Infinity with optimum's ONNX Runtime engine, which loads the very file that ours does."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.peers.adapters.infinity_engine import (
    classify_request,
    configuration,
    copy_folder,
    launch_engine,
)
from benchmarks.peers.contract import Call, Place, Server
from benchmarks.peers.processes import end
from serving.classifier.artifact import open_model


def start(place: Place) -> Server:
    """Put what transformers asks for around the ONNX file, and start Infinity with it."""
    artifact = open_model(place.model_dir)
    folder = copy_folder(place.model_dir, place.folder / "model")
    # Without the architecture Infinity takes the model for one that embeds.
    architecture = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
    config = {**architecture, **configuration(artifact)}
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": artifact.max_tokens,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    for name, document in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return launch_engine(place, "optimum", folder)


def call(place: Place, texts: Sequence[str]) -> Call:
    """Return Infinity's request."""
    return classify_request(place, texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
