"""Model folders: their files, their manifest, and how a new one replaces an old one."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from export.errors import StorageError
from export.labels import LABELS
from serving.classifier.preprocess import PREPROCESS_VERSION

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"
MODEL_CARD_FILE = "README.md"
SHIPPED = Path(__file__).parents[2] / "serving" / "model"


@dataclass(frozen=True)
class ModelFacts:
    """Contents of a manifest, besides labels and checksums.

    `training`, `accuracy`, `verification`, `calibration` and `behaviour` are tables for people;
    `temperature` divides the logits of `emotion` and `irony`.
    """

    name: str
    version: str
    base: str
    precision: str
    max_tokens: int
    temperature: Mapping[str, float] = field(default_factory=lambda: {"emotion": 1.0, "irony": 1.0})
    training: Mapping[str, Any] = field(default_factory=dict)
    accuracy: Mapping[str, Any] = field(default_factory=dict)
    verification: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    behaviour: Mapping[str, Any] = field(default_factory=dict)


def write_manifest(folder: Path, facts: ModelFacts) -> dict[str, Any]:
    """Write and return the manifest of `folder`, whose model and tokenizer are in place."""
    manifest = {
        "schema": 1,
        "labels": list(LABELS),
        "preprocess_version": PREPROCESS_VERSION,
        "files": {name: _checksum(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)},
        **asdict(facts),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
    return manifest


@contextmanager
def temporary_sibling(target: Path) -> Iterator[Path]:
    """Make a temporary folder next to `target`; renaming works only within a file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.new-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent) as folder:
        yield Path(folder)


def replace_folder(new: Path, target: Path) -> None:
    """Move the finished folder `new` to `target`, replacing what is there.

    Both are renamed, never copied, so a reader finds the old folder or the new one. When the new
    one cannot be moved, the old one is restored and StorageError raised. An old folder that an
    earlier interruption left aside is restored first.
    """
    aside = target.with_name(f".{target.name}.previous")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if aside.exists():
            if target.exists():
                shutil.rmtree(aside)
            else:
                aside.rename(target)
        if target.exists():
            target.rename(aside)
        try:
            new.rename(target)
        except OSError:
            if aside.exists():
                aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as exc:
        raise StorageError(f"{target}: cannot be replaced ({exc.strerror})") from exc


def _checksum(path: Path) -> dict[str, str | int]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
