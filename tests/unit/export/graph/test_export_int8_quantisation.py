"""int8 quantisation, on small graphs written here, and rounding of weights."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.graph.int8_quantisation import (
    WEIGHT_STEPS,
    Activation,
    quantise_rows,
    quantised_inputs,
    round_weights,
    smoothing_of,
)

TOKENS, WIDTH = 4, 8
Dense = tuple[onnx.ModelProto, np.ndarray]


def graph(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> onnx.ModelProto:
    made = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", WIDTH]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)


def run(model: onnx.ModelProto, x: np.ndarray, ids: np.ndarray | None = None) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    ids = np.zeros((1, len(x)), dtype=np.int64) if ids is None else ids
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "x": x.astype(np.float32)}
    return np.asarray(session.run(["y"], feed)[0])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def dense(rng: np.random.Generator) -> Dense:
    """One product with weights [WIDTH, 6]."""
    weights = rng.normal(size=(WIDTH, 6)).astype(np.float32)
    return graph([helper.make_node("MatMul", ["x", "w"], ["y"], "dense")], {"w": weights}), weights


def test_products_with_weights_are_what_is_quantised(
    dense: Dense,
) -> None:
    assert quantised_inputs(dense[0]) == ["x"]


def test_a_quantised_product_is_close_to_the_exact_one(
    dense: Dense, rng: np.random.Generator
) -> None:
    model, weights = dense
    x = rng.normal(size=(2 * TOKENS, WIDTH))

    y = run(quantise_rows(model, {"x": Activation.of(x)}), x)

    assert np.abs(y - x @ weights).max() < 0.05 * np.abs(x @ weights).max()


def test_an_outlying_token_does_not_change_the_others(
    dense: Dense, rng: np.random.Generator
) -> None:
    model, _ = dense
    x = rng.normal(size=(TOKENS, WIDTH))
    quantised = quantise_rows(model, {"x": Activation.of(x)})
    outlying = x.copy()
    outlying[-1] *= 1_000

    quiet, loud = run(quantised, x), run(quantised, outlying)

    np.testing.assert_array_equal(quiet[:-1], loud[:-1])


def test_a_token_of_zeros_stays_zero(dense: Dense) -> None:
    model, _ = dense
    x = np.zeros((TOKENS, WIDTH))

    y = run(quantise_rows(model, {"x": Activation.of(np.ones((1, WIDTH)))}), x)

    assert not y.any()


def test_a_large_table_is_kept_in_bytes_with_a_scale_for_each_row(
    rng: np.random.Generator,
) -> None:
    table = rng.normal(size=(1_000, 1_000)).astype(np.float32)
    table[3] *= 100
    model = graph([helper.make_node("Gather", ["t", "input_ids"], ["y"], "words")], {"t": table})
    ids = np.array([[3, 4]], dtype=np.int64)

    quantised = quantise_rows(model, {})

    assert quantised.ByteSize() < model.ByteSize() / 3.9
    error = np.abs(run(quantised, np.zeros((2, WIDTH)), ids)[0] - table[ids[0]])
    assert (error.max(axis=1) <= np.abs(table[ids[0]]).max(axis=1) / 253).all()


def test_an_activation_that_is_never_negative_has_all_steps_of_a_byte(
    dense: Dense, rng: np.random.Generator
) -> None:
    model, _ = dense
    positive = np.abs(rng.normal(size=(200, WIDTH)))
    once_negative = positive.copy()
    once_negative[0, 0] = -1e-6

    def error(observed: np.ndarray) -> float:
        quantised = quantise_rows(model, {"x": Activation.of(observed)})
        return float(np.abs(run(quantised, positive) - run(model, positive)).mean())

    assert error(positive) < 0.9 * error(once_negative)


def test_products_of_one_activation_share_its_bytes(rng: np.random.Generator) -> None:
    weights = {name: rng.normal(size=(WIDTH, 6)).astype(np.float32) for name in ("v", "w")}
    nodes = [
        helper.make_node("MatMul", ["x", "v"], ["x_v"], "first"),
        helper.make_node("MatMul", ["x", "w"], ["x_w"], "second"),
        helper.make_node("Sub", ["x_v", "x_w"], ["y"], "difference"),
    ]
    x = rng.normal(size=(TOKENS, WIDTH))

    quantised = quantise_rows(graph(nodes, weights), {"x": Activation.of(x)})

    assert [node.op_type for node in quantised.graph.node].count("QuantizeLinear") == 1
    exact = x @ (weights["v"] - weights["w"])
    assert np.abs(run(quantised, x) - exact).max() < 0.05 * np.abs(exact).max()


def test_smoothing_divides_the_loudest_channels_most() -> None:
    weights = np.ones((3, 2), dtype=np.float32)

    divisors = smoothing_of(weights, np.array([1.0, 4.0, 100.0]))

    np.testing.assert_allclose(divisors, [1.0, 2.0, 10.0])


def test_an_activation_that_was_not_observed_is_an_error(
    dense: Dense,
) -> None:
    with pytest.raises(KeyError):
        quantise_rows(dense[0], {})


def test_independent_inputs_are_rounded_to_the_nearest() -> None:
    weights = np.random.default_rng(1).normal(size=(12, 5))

    integers, scales = round_weights(weights, np.eye(12))

    assert np.abs(integers * scales - weights).max() <= scales.max() / 2 + 1e-6


def test_integers_keep_to_seven_bits_and_every_output_uses_them() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(40, 6)) * np.array([1e-3, 1, 10, 1, 1, 1])
    inputs = rng.normal(size=(200, 40))

    integers, _ = round_weights(weights, inputs.T @ inputs)

    assert np.abs(integers).max() <= WEIGHT_STEPS
    assert (np.abs(integers).max(axis=0) >= WEIGHT_STEPS - 3).all()


def test_correlated_inputs_compensate_for_each_others_errors() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 200))
    weights = rng.normal(size=(200, 16))
    scales = np.abs(weights).max(axis=0) / WEIGHT_STEPS
    nearest = np.rint(weights / scales) * scales

    integers, found = round_weights(weights, inputs.T @ inputs)

    def error(made: np.ndarray) -> float:
        return float(np.square(inputs @ (made - weights)).mean())

    assert error(integers * found) < 0.5 * error(nearest)


def test_an_output_with_zero_weights_stays_zero() -> None:
    integers, scales = round_weights(np.zeros((4, 2)), np.eye(4))

    assert not integers.any()
    assert np.isfinite(scales).all()
