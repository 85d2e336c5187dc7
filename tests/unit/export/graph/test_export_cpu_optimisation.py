"""The rewritten graph of a tiny BERT has the same results with less work."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from export.errors import VerificationError
from export.graph.cpu_optimisation import optimise_for_cpu
from export.graph.fusion import fuse
from export.to_onnx import export_onnx
from export.training.torch_models import load_model, load_tokenizer

pytestmark = pytest.mark.slow  # exports a model

TANH_FOR_ERF = 5e-3
"""Largest difference of logits due to the approximation of GELU."""


@pytest.fixture(scope="module")
def fused(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    folder = tmp_path_factory.mktemp("streamlined")
    model = load_model(str(tiny_base))
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.mul_(25)  # as untrained as they are, all texts get the same logits
    model.save_pretrained(folder / "model")
    load_tokenizer(str(tiny_base)).save_pretrained(folder / "model")
    export_onnx(folder / "model", folder / "model.onnx")
    graph: onnx.ModelProto = fuse(folder / "model.onnx").model
    return graph


def run(model: onnx.ModelProto, feed: dict[str, Any], *more: str) -> list[np.ndarray]:
    """Return the logits and the tensors `more`."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in more
    )
    session = onnxruntime.InferenceSession(opened.SerializeToString())
    return [np.asarray(one) for one in session.run(["logits", *more], feed)]


@pytest.fixture
def feed() -> dict[str, Any]:
    ids = np.array([[2, 5, 6, 7, 3], [2, 8, 3, 0, 0], [2, 3, 0, 0, 0]])
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def test_the_logits_are_those_of_the_original_graph(
    fused: onnx.ModelProto, feed: dict[str, Any]
) -> None:
    (before,), (after,) = run(fused, feed), run(optimise_for_cpu(fused), feed)

    np.testing.assert_allclose(after, before, atol=TANH_FOR_ERF)
    assert np.abs(before[0] - before[1]).max() > 10 * TANH_FOR_ERF  # texts do differ


def test_the_last_layer_computes_only_the_first_token(
    fused: onnx.ModelProto, feed: dict[str, Any]
) -> None:
    model = optimise_for_cpu(fused)
    gelus = [node.output[0] for node in model.graph.node if node.op_type == "FastGelu"]

    _, *activations = run(model, feed, *gelus)

    texts, tokens = feed["input_ids"].shape
    assert [len(one) for one in activations] == [texts * tokens] * (len(gelus) - 1) + [texts]


def test_no_slow_kernel_is_left(fused: onnx.ModelProto) -> None:
    kinds = {node.op_type for node in optimise_for_cpu(fused).graph.node}

    assert not kinds & {"SkipLayerNormalization", "BiasGelu", "Attention"}


def test_a_graph_that_was_not_fused_is_refused() -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["logits"])],
        "plain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
    )
    with pytest.raises(VerificationError, match="no fused attention"):
        optimise_for_cpu(helper.make_model(graph))


def test_a_head_that_reads_other_tokens_is_refused(fused: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(fused)
    for node in model.graph.node:
        if node.op_type == "Gather" and node.attribute and node.attribute[0].i == 1:
            node.op_type = "ArgMax"

    with pytest.raises(VerificationError, match="first token"):
        optimise_for_cpu(model)
