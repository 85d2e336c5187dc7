"""Model folders: manifests that serving accepts, and safe replacement."""

import json
from pathlib import Path

import pytest

from export.errors import StorageError
from export.packaging.model_folder import ModelFacts, replace_folder, write_manifest
from serving.classifier.artifact import open_model
from serving.errors import ModelCorrupt


def model_folder(folder: Path, content: bytes = b"graph") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    facts = ModelFacts(
        name="tiny",
        version="0.1.0",
        base="tiny",
        precision="int8",
        max_tokens=32,
        temperature={"emotion": 1.25, "irony": 0.75},
        training={"seed": 17},
        accuracy={"carer": {"accuracy": 0.5}},
        verification={"onnx_max_abs_diff": 1e-6},
        calibration={"emotion": {"ece": 0.03}},
        behaviour={"tests": 10, "passed": 9, "rate": 0.9, "capabilities": {}},
    )
    write_manifest(folder, facts)
    return folder


def test_serving_reads_the_manifest(tmp_path: Path) -> None:
    artifact = open_model(model_folder(tmp_path / "model"))

    assert (artifact.name, artifact.precision, artifact.max_tokens) == ("tiny", "int8", 32)
    assert (artifact.temperature.emotion, artifact.temperature.irony) == (1.25, 0.75)
    assert artifact.accuracy["carer"]["accuracy"] == 0.5
    assert artifact.training["seed"] == 17


def test_a_manifest_keeps_tables_that_serving_does_not_use(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["calibration"]["emotion"]["ece"] == 0.03
    assert manifest["behaviour"]["passed"] == 9


def test_serving_refuses_a_folder_that_was_changed_afterwards(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"grape")

    with pytest.raises(ModelCorrupt, match="SHA-256"):
        open_model(folder)


def test_a_new_folder_replaces_the_old_one(tmp_path: Path) -> None:
    old = model_folder(tmp_path / "model", b"old")
    new = model_folder(tmp_path / "new", b"new")

    replace_folder(new, old)

    assert (old / "model.onnx").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_new_folder_needs_no_predecessor(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"

    replace_folder(model_folder(tmp_path / "new"), target)

    assert open_model(target).name == "tiny"


def test_the_old_folder_is_restored_when_the_new_one_cannot_be_moved(tmp_path: Path) -> None:
    old = model_folder(tmp_path / "model", b"old")

    with pytest.raises(StorageError, match="cannot be replaced"):
        replace_folder(tmp_path / "missing", old)

    assert (old / "model.onnx").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_that_an_interruption_left_aside_is_not_lost(tmp_path: Path) -> None:
    model_folder(tmp_path / ".model.previous", b"old")

    with pytest.raises(StorageError):
        replace_folder(tmp_path / "missing", tmp_path / "model")

    assert (tmp_path / "model" / "model.onnx").read_bytes() == b"old"
