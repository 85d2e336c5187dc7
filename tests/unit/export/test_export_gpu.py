"""The model folder for a GPU, from a BERT of two layers with random weights."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from export.errors import VerificationError
from export.gpu import main, make_gpu_folder
from export.graph.fusion import half_graph
from export.graph.random_models import write_random_model
from serving.classifier.artifact import open_model

# torch and transformers warn of their own coming changes while they export.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TEXTS = [
    f"{feeling} {what} {when}"
    for feeling in ("so happy with", "terribly sad about", "afraid of", "nobody cares for")
    for what in ("my dog", "this weather and the long walk home", "work", "you", "coffee")
    for when in ("today", "and that is all there is to say", "!")
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("shapes") / "tiny"
    return folder, write_random_model("tiny", folder, TEXTS)


def test_the_traced_graph_answers_as_the_model_does_padding_included(
    made: tuple[Path, Any],
) -> None:
    import torch

    folder, model = made
    ids = np.array([[101, 2023, 2003, 102, 0], [101, 7592, 2088, 999, 102]])
    mask = (ids > 0).astype(np.int64)

    session = ort.InferenceSession(str(folder / "model.onnx"))
    found = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0]
    with torch.inference_mode():
        right = model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)).logits

    np.testing.assert_allclose(found, right.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("packing", "node"),
    [
        ("none", "Attention"),
        ("attention", "PackedAttention"),
        ("multihead", "PackedMultiHeadAttention"),
    ],
)
def test_every_layer_is_fused_and_padding_is_removed_once(
    made: tuple[Path, Any], packing: Any, node: str
) -> None:
    graph = onnx.load_model_from_string(half_graph(made[0] / "model.onnx", packing))

    kinds = Counter(one.op_type for one in graph.graph.node)
    packed = int(packing != "none")
    assert kinds[node] == 2
    assert (kinds["RemovePadding"], kinds["RestorePadding"]) == (packed, packed)
    assert {note.key: note.value for note in graph.metadata_props} == (
        {"packing": packing} if packed else {}
    )


def test_the_folder_for_a_gpu_opens_is_fp16_and_has_the_verification(
    made: tuple[Path, Any], tmp_path: Path
) -> None:
    found = make_gpu_folder(made[0], tmp_path / "gpu", "none", TEXTS)

    artifact = open_model(tmp_path / "gpu")
    assert artifact.precision == "fp16"
    assert artifact.verification == found
    assert found["fp16_label_agreement"] >= 0.995  # type: ignore[operator] # a number
    assert (tmp_path / "gpu" / "model.onnx").stat().st_size < 0.6 * (
        made[0] / "model.onnx"
    ).stat().st_size


@pytest.mark.skipif(
    "CUDAExecutionProvider" in ort.get_available_providers(), reason="there is a GPU to verify on"
)
def test_a_graph_that_cannot_be_verified_here_is_refused_in_one_line_and_leaves_nothing(
    made: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(TEXTS), encoding="utf-8")

    status = main([str(made[0]), str(tmp_path / "gpu"), "--texts", str(texts)])

    assert status == 1
    assert "onnxruntime-gpu and a GPU" in capsys.readouterr().err
    assert not (tmp_path / "gpu").exists()


def test_only_an_fp32_folder_is_a_source(made: tuple[Path, Any], tmp_path: Path) -> None:
    folder = tmp_path / "int8"
    folder.mkdir()
    told = json.loads((made[0] / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "precision": "int8"}))

    with pytest.raises(VerificationError, match="an fp32 folder is needed"):
        make_gpu_folder(folder, tmp_path / "gpu", "none", TEXTS)
