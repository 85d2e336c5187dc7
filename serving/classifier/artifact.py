"""The model folder: opened, and verified to be whole before anything is loaded from it.

A folder holds `model.onnx`, `tokenizer.json` and `manifest.json`. The manifest names the
checksum of the other two, the order of the outputs and what was measured about the model. The
graph's tensors are named here too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.classifier.preprocess import PREPROCESS_VERSION
from serving.errors import ModelCorrupt, ModelMissing

MANIFEST_SCHEMA = 1
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"
EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
LABELS = (*EMOTIONS, "irony")

INPUT_IDS = "input_ids"
ATTENTION_MASK = "attention_mask"
SEGMENT_IDS = "token_type_ids"
OUTPUT = "logits"
Tokens = npt.NDArray[np.int64]
"""Each input of the graph: [texts, tokens]."""

Logits = npt.NDArray[np.float32]
"""The output of the graph: [texts, labels]."""

REMEDY = "restore it with `git checkout serving/model` or make it anew with `make model`"


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divisors of the logits before softmax (emotion) and sigmoid (irony)."""

    emotion: float = 1.0
    irony: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelArtifact:
    """A verified model folder and the fields of its manifest.

    `max_tokens` counts the special tokens. `accuracy`, `training` and `verification` are
    the manifest's own tables, unchanged, for people to read.
    """

    folder: Path
    name: str
    version: str
    base: str
    precision: str
    labels: tuple[str, ...]
    max_tokens: int
    preprocess_version: int
    temperature: Temperature
    accuracy: Mapping[str, Any]
    training: Mapping[str, Any]
    verification: Mapping[str, Any]

    @property
    def model_path(self) -> Path:
        """Path of the ONNX graph."""
        return self.folder / MODEL_FILE

    @property
    def tokenizer_path(self) -> Path:
        """Path of the tokenizer."""
        return self.folder / TOKENIZER_FILE


def open_model(path: str | Path) -> ModelArtifact:
    """Verify the model folder at `path` and return it with its manifest's fields.

    Raises ModelMissing when the folder or a file of it is missing, ModelCorrupt when the
    manifest cannot be read, is of another schema, names other outputs than this code
    decodes, or when a file's size or SHA-256 is not the manifest's.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ModelMissing(f"model folder {folder} is not there: {REMEDY}")
    for name in (MANIFEST_FILE, MODEL_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file():
            raise ModelMissing(f"model file {folder / name} is not there: {REMEDY}")
    manifest = _Manifest.read(folder / MANIFEST_FILE)
    for name in (MODEL_FILE, TOKENIZER_FILE):
        _verify_file(folder / name, manifest.table("files").table(name))
    if manifest.values.get("labels") != list(LABELS):
        raise manifest.wrong("labels", f"{list(LABELS)}, in this order")
    max_tokens = manifest.whole("max_tokens")
    if max_tokens < 3:
        raise manifest.wrong("max_tokens", "3 or more (two special tokens and one of the text)")
    if manifest.whole("preprocess_version") != PREPROCESS_VERSION:
        wanted = f"{PREPROCESS_VERSION}, the text normalisation of this code"
        raise manifest.wrong("preprocess_version", wanted)
    temperature = manifest.table("temperature")
    return ModelArtifact(
        folder=folder,
        name=manifest.text("name"),
        version=manifest.text("version"),
        base=manifest.text("base"),
        precision=manifest.text("precision"),
        labels=LABELS,
        max_tokens=max_tokens,
        preprocess_version=PREPROCESS_VERSION,
        temperature=Temperature(temperature.positive("emotion"), temperature.positive("irony")),
        accuracy=manifest.table("accuracy", default={}).values,
        training=manifest.table("training", default={}).values,
        verification=manifest.table("verification", default={}).values,
    )


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A manifest or a table in it; errors name the field that is wrong."""

    file: Path
    where: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path) -> _Manifest:
        try:
            values = json.loads(file.read_bytes())
        except (OSError, ValueError) as exc:
            raise ModelCorrupt(f"model file {file} cannot be read as JSON: {REMEDY}") from exc
        if not isinstance(values, dict):
            raise ModelCorrupt(f"model file {file} is not a JSON object: {REMEDY}")
        manifest = cls(file, "", values)
        if values.get("schema") != MANIFEST_SCHEMA:
            raise manifest.wrong("schema", f"{MANIFEST_SCHEMA}, the one this code reads")
        return manifest

    def wrong(self, key: str, wanted: str) -> ModelCorrupt:
        return ModelCorrupt(
            f"model file {self.file}: field {self.where}{key} is not {wanted}: {REMEDY}"
        )

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "a text")
        return value

    def positive(self, key: str) -> float:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise self.wrong(key, "a number above 0")
        return float(value)

    def whole(self, key: str) -> int:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.wrong(key, "a whole number above 0")
        return value

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> _Manifest:
        value = self.values.get(key, default)
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return _Manifest(self.file, f"{self.where}{key}.", value)


def _verify_file(file: Path, record: _Manifest) -> None:
    expected_bytes, expected_digest = record.whole("bytes"), record.text("sha256")
    if file.stat().st_size != expected_bytes:
        raise ModelCorrupt(
            f"model file {file} has {file.stat().st_size} bytes, its manifest says "
            f"{expected_bytes}: {REMEDY}"
        )
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise ModelCorrupt(f"model file {file} cannot be read: {REMEDY}") from exc
    if digest != expected_digest.lower():
        raise ModelCorrupt(f"model file {file} does not match its manifest's SHA-256: {REMEDY}")
