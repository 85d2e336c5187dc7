"""Shifting irony in a graph: that output and no other."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.errors import VerificationError
from export.graph.irony_shift import shift_irony


def graph(path: Path, outputs: int) -> Path:
    weights = numpy_helper.from_array(np.ones((2, outputs), dtype=np.float32), "w")
    bias = numpy_helper.from_array(np.zeros(outputs, dtype=np.float32), "b")
    made = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["logits"])],
        "head",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["texts", 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", outputs])],
        [weights, bias],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), path)
    return path


def test_only_the_logit_of_irony_moves(tmp_path: Path) -> None:
    path = graph(tmp_path / "model.onnx", 8)

    shift_irony(path, -1.5)

    session = onnxruntime.InferenceSession(str(path))
    (logits,) = session.run(None, {"x": np.ones((1, 2), dtype=np.float32)})
    assert logits[0].tolist() == [2.0] * 7 + [0.5]


def test_a_graph_with_another_head_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = graph(tmp_path / "model.onnx", 3)
    before = path.read_bytes()

    with pytest.raises(VerificationError, match="does not end in a linear layer with a bias per"):
        shift_irony(path, -1.5)

    assert path.read_bytes() == before
