"""The model as a straightforward server runs it: the texts of a call, padded, in one run.

Tokens and probabilities are computed by the code that our server uses, so that only the serving
differs.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from serving.classifier.artifact import open_model
from serving.classifier.classifier import decode
from serving.classifier.tokenizer import TextEncoder
from serving.schemas import Classification

MODEL_DIR = "PEER_MODEL_DIR"
THREADS = "PEER_ORT_THREADS"
"""Threads per run, for every peer alike: to see whether a peer does better with another number."""


class PlainModel:
    """Classifier of a list of texts in one run of ONNX Runtime."""

    def __init__(self, threads: int = 0) -> None:
        """Load the model; `threads` per run, 0 being ONNX Runtime's choice, all cores."""
        artifact = open_model(Path(os.environ[MODEL_DIR]))
        options = ort.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get(THREADS) or threads)
        self._session = ort.InferenceSession(
            str(artifact.model_path), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._encoder = TextEncoder(artifact)
        self._temperature = artifact.temperature

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification per text."""
        encoded = self._encoder.encode(texts)
        input_ids, attention_mask = self._encoder.pad(encoded)
        feed = {"input_ids": input_ids, "attention_mask": attention_mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(input_ids)
        logits = self._session.run(["logits"], feed)[0]
        return decode(logits, encoded, self._temperature)

    def items(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return the JSON objects of our contract, one per text."""
        return [one.to_wire() for one in self.classify(texts)]

    def items_of_each(self, requests: Sequence[Sequence[str]]) -> list[list[dict[str, Any]]]:
        """Return the objects of several requests that a batcher joined, by request."""
        items = iter(self.items([text for texts in requests for text in texts]))
        return [[next(items) for _ in texts] for texts in requests]
