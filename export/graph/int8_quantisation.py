"""int8 quantisation of the optimised fp32 graph, with one activation scale per token.

ONNX Runtime's own dynamic quantisation has one scale per batch, so the result of a text depends
on its neighbours, and one outlying token costs all others precision. With one scale per token
neither padding nor neighbours change anything:

    x' = x / s                       s per channel (SmoothQuant, Xiao et al., ICML 2023)
    q  = round(127 x' / r) + 128     r = max |x'| per token, q an unsigned byte
    y  = (q - 128) @ W' * r / 127    W' = s W, 7 bits and one scale per output channel

Activations that are never negative have 255 steps from 0 instead of 127 on either side of 128.

Weights have 7 bits because processors without VNNI add two products of bytes in 16 bits, which
would saturate: 255 * 63 * 2 fits. Word embeddings have one scale per word. Biases, layer norms
and the head stay fp32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from export.graph.graph_rewriter import CONTRIB, GraphRewriter

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

SMOOTHING = 0.5
"""Share of the spread between channels that moves into the weights, 0 to 1."""

WEIGHT_STEPS = 63
"""Largest integer weight: 7 bits."""

_LARGE_TABLE = 1_000_000
_TINY = 1e-5
_MIDDLE = 128
_CHUNK = 50
_DAMPING = 0.01
_BLOCK = 128
_LEAST = 1e-12

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """One activation over all tokens.

    `largest` is the largest magnitude per channel, `moments` the sum of x x' over tokens,
    `least` the smallest value.
    """

    largest: Reals
    moments: Reals
    least: float

    @classmethod
    def of(cls, rows: Reals) -> Activation:
        """Return the statistics of [tokens, channels] values."""
        return cls(np.abs(rows).max(axis=0), rows.T @ rows, float(rows.min()))

    def __add__(self, other: Activation) -> Activation:
        return Activation(
            np.maximum(self.largest, other.largest),
            self.moments + other.moments,
            min(self.least, other.least),
        )


def observe(
    model: ModelProto, names: Sequence[str], texts: Sequence[Sequence[int]]
) -> dict[str, Activation]:
    """Run `model` on token ids, one text per run, and return statistics of the tensors `names`.

    Raises ValueError when there are no texts.
    """
    if not texts:
        raise ValueError("no texts to observe")
    session = _open_with_outputs(model, names)
    found: dict[str, Activation] = {}
    for start in range(0, len(texts), _CHUNK):
        rows: dict[str, list[Reals]] = {name: [] for name in names}
        for text in texts[start : start + _CHUNK]:
            ids = np.array([text], dtype=np.int64)
            feed = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            for name, values in zip(names, session.run(list(names), feed), strict=True):
                rows[name].append(values.reshape(-1, values.shape[-1]))
        for name, parts in rows.items():
            seen = Activation.of(np.concatenate(parts))
            found[name] = found[name] + seen if name in found else seen
    return found


def _open_with_outputs(model: ModelProto, names: Sequence[str]) -> Any:
    import onnxruntime

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        opened.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def quantised_inputs(model: ModelProto) -> list[str]:
    """Return the names of the activations that are multiplied by weights, without repeats."""
    constants = {tensor.name for tensor in model.graph.initializer}
    names = [node.input[0] for node in model.graph.node if _is_weighted(node, constants)]
    return list(dict.fromkeys(names))


def quantise_rows(model: ModelProto, observed: Mapping[str, Activation]) -> ModelProto:
    """Return `model` with its products and embeddings in int8.

    Products take [tokens, channels] activations, as `optimise_for_cpu` makes them. `observed`
    has each of `quantised_inputs`. Raises KeyError when one is missing.
    """
    graph = GraphRewriter(model)
    quantiser = _Quantiser(graph, observed)
    for node in graph.nodes:
        quantiser.add(node)
    return graph.finished()


def smoothing_of(weights: Reals, largest: Reals) -> Reals:
    """Return the divisor of each channel, from its weights and largest magnitude."""
    inputs = np.maximum(largest, _TINY) ** SMOOTHING
    outputs = np.maximum(np.abs(weights).max(axis=1), _TINY) ** (1 - SMOOTHING)
    divisors: Reals = (inputs / outputs).astype(np.float32)
    return divisors


def round_weights(weights: Reals, moments: Reals) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return [inputs, outputs] `weights` as integers, and the scale of each output.

    Inputs are rounded one after another; those that follow compensate for the error of each as
    far as they are correlated: `moments` is the [inputs, inputs] sum of x x' over real inputs x
    (GPTQ, Frantar et al., ICLR 2023).
    """
    left = weights.astype(np.float64)
    scales = np.maximum(np.abs(left).max(axis=0) / WEIGHT_STEPS, _LEAST)
    upper = _inverse_factor(moments.astype(np.float64))
    integers = np.zeros(left.shape, dtype=np.int8)
    for start in range(0, len(left), _BLOCK):
        stop = min(start + _BLOCK, len(left))
        errors = np.zeros((stop - start, left.shape[1]))
        for row in range(start, stop):
            rounded = np.clip(np.rint(left[row] / scales), -WEIGHT_STEPS, WEIGHT_STEPS)
            integers[row] = rounded.astype(np.int8)
            error = (left[row] - rounded * scales) / upper[row, row]
            left[row:stop] -= np.outer(upper[row, row:stop], error)
            errors[row - start] = error
        left[stop:] -= upper[start:stop, stop:].T @ errors
    return integers, scales.astype(np.float32)


def _inverse_factor(moments: Reals) -> Reals:
    """Return the upper Cholesky factor of the inverse of the damped moments."""
    damping = max(_DAMPING * float(np.mean(np.diag(moments))), _LEAST)
    inverse = np.linalg.inv(moments + damping * np.eye(len(moments)))
    factor: Reals = np.linalg.cholesky((inverse + inverse.T) / 2)
    return factor.T


def _is_weighted(node: NodeProto, constants: Container[str]) -> bool:
    return node.op_type == "MatMul" and node.input[1] in constants


@dataclass(frozen=True)
class _Quantised:
    """A quantised activation: the names of its bytes and of its largest magnitudes, [tokens, 1].

    The byte `zero_point` stands for zero, and `steps` above it for the largest magnitude.
    `smoothing` divided its channels; `moments` are those after the division.
    """

    values: str
    largest: str
    zero_point: str
    steps: int
    smoothing: Reals
    moments: Reals


class _Quantiser:
    """Adds nodes to a graph, quantising those that multiply by weights."""

    def __init__(self, graph: GraphRewriter, observed: Mapping[str, Activation]) -> None:
        self._graph = graph
        self._node, self._constant, self._array = graph.node, graph.constant, graph.array
        self._tensors = graph.tensors
        self._observed = observed
        self._quantised: dict[str, _Quantised] = {}
        self._weights: defaultdict[str, list[str]] = defaultdict(list)
        for node in graph.nodes:
            if _is_weighted(node, self._tensors):
                self._weights[node.input[0]].append(node.input[1])
        self._constant("q/one", np.array(1.0, dtype=np.float32))
        self._constant("q/middle", np.array(_MIDDLE, dtype=np.uint8))
        self._constant("q/lowest", np.array(0, dtype=np.uint8))
        self._constant("q/last", np.array([1], dtype=np.int64))

    def add(self, node: NodeProto) -> None:
        """Add `node` or its replacement."""
        if _is_weighted(node, self._tensors):
            name = node.input[0]
            if name not in self._quantised:
                self._quantised[name] = self._quantise(name)
            self._multiply(self._quantised[name], self._array(node.input[1]), node.output[0])
        elif node.op_type == "Gather" and self._size(node.input[0]) >= _LARGE_TABLE:
            self._look_up(node)
        else:
            self._graph.copy(node, node.input, node.output[0])

    def _quantise(self, name: str) -> _Quantised:
        """Quantise [tokens, channels] activations, one scale per token.

        A token of zeros has scale 0, by which its products are multiplied.
        """
        weights = np.concatenate([self._array(one) for one in self._weights[name]], axis=1)
        smoothing = smoothing_of(weights, self._observed[name].largest)
        self._constant(f"{name}/divisor", (1 / smoothing).astype(np.float32))
        smooth = self._node("Mul", [name, f"{name}/divisor"], f"{name}/smooth")
        signed = self._observed[name].least < 0
        size = self._node("Abs", [smooth], f"{name}/abs") if signed else smooth
        top = self._node("ReduceMax", [size, "q/last"], f"{name}/top", keepdims=1)
        row = self._node("Squeeze", [top, "q/last"], f"{name}/row")
        steps = 127 if signed else 255
        self._constant(f"{name}/step", np.array(1 / steps, dtype=np.float32))
        scale = self._node("Mul", [row, f"{name}/step"], f"{name}/scale")
        count = self._node("Shape", [scale], f"{name}/count")
        zero_point = numpy_helper.from_array(np.array([_MIDDLE if signed else 0], dtype=np.uint8))
        zero = self._node("ConstantOfShape", [count], f"{name}/zero", value=zero_point)
        values = self._node("QuantizeLinear", [smooth, scale, zero], f"{name}/int8", axis=0)
        moments = self._observed[name].moments / np.outer(smoothing, smoothing)
        zero_name = "q/middle" if signed else "q/lowest"
        return _Quantised(values, top, zero_name, steps, smoothing, moments)

    def _multiply(self, quantised: _Quantised, weights: Reals, output: str) -> None:
        integers, scales = round_weights(weights * quantised.smoothing[:, None], quantised.moments)
        self._constant(f"{output}/weights", integers)
        self._constant(f"{output}/scales", scales / np.float32(quantised.steps))
        inputs = [quantised.values, f"{output}/weights", "q/one", f"{output}/scales"]
        product = self._node(
            "MatMulIntegerToFloat",
            [*inputs, quantised.zero_point],
            f"{output}/unscaled",
            domain=CONTRIB,
        )
        self._node("Mul", [product, quantised.largest], output)

    def _look_up(self, node: NodeProto) -> None:
        """Gather rows of a table in int8, one scale per row."""
        table = self._array(node.input[0])
        scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127, np.float32(1e-12))
        name, ids = node.input[0], node.input[1]
        self._constant(f"{name}/int8", np.rint(table / scales).astype(np.int8))
        self._constant(f"{name}/scales", scales.astype(np.float32))
        rows = self._node("Gather", [f"{name}/int8", ids], f"{name}/rows", axis=0)
        floats = self._node("Cast", [rows], f"{name}/floats", to=onnx.TensorProto.FLOAT)
        scale = self._node("Gather", [f"{name}/scales", ids], f"{name}/scale", axis=0)
        self._node("Mul", [floats, scale], node.output[0])

    def _size(self, name: str) -> int:
        return int(np.prod(self._tensors[name].dims)) if name in self._tensors else 0
