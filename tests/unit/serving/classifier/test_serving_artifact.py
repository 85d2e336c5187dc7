from pathlib import Path
from typing import Any

import pytest

from serving.classifier.artifact import open_model
from serving.errors import ModelCorrupt, ModelMissing
from tests.support.serving.tiny_model import LABELS, write_manifest, write_tiny_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "model")


def test_a_whole_folder_opens_and_says_what_it_holds(folder: Path) -> None:
    artifact = open_model(folder)

    assert (artifact.name, artifact.version, artifact.precision) == ("tiny", "0.0.1", "fp32")
    assert artifact.labels[0] == "anger"
    assert artifact.labels[-1] == "irony"
    assert artifact.accuracy["toy"]["accuracy"] == 0.5
    assert artifact.model_path.is_file()


def test_a_folder_that_is_not_there_is_missing_and_the_message_says_what_to_do(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelMissing) as caught:
        open_model(tmp_path / "none")

    assert str(tmp_path / "none") in str(caught.value)
    assert "make model" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ModelMissing, match=name):
        open_model(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_with_one_other_byte_is_corrupt(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)

    with pytest.raises(ModelCorrupt, match=f"{name}.*SHA-256.*git checkout"):
        open_model(folder)


def test_a_file_that_was_cut_off_is_corrupt_and_the_sizes_are_told(folder: Path) -> None:
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[:-10])

    with pytest.raises(ModelCorrupt, match=f"{len(data) - 10} bytes.*{len(data)}"):
        open_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_manifest_that_is_no_json_object_is_corrupt(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")

    with pytest.raises(ModelCorrupt, match="JSON"):
        open_model(folder)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema": 2}, "schema"),
        ({"labels": LABELS[::-1]}, "labels is not .* in this order:"),
        ({"labels": ["joy", "anger"]}, "labels"),
        ({"labels": None}, "labels"),
        ({"max_tokens": 2}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"preprocess_version": 999}, "preprocess_version"),
        ({"temperature": {"emotion": 0, "irony": 1}}, "temperature.emotion"),
        ({"temperature": {"emotion": 1}}, "temperature.irony"),
        ({"temperature": {"emotion": 1, "irony": "1"}}, "temperature.irony"),
        ({"name": ""}, "name"),
        ({"files": {}}, "files.model.onnx"),
        ({"accuracy": []}, "accuracy"),
    ],
)
def test_a_wrong_field_of_the_manifest_is_named(
    folder: Path, change: dict[str, Any], field: str
) -> None:
    write_manifest(folder, **change)

    with pytest.raises(ModelCorrupt, match=f"field {field} "):
        open_model(folder)
