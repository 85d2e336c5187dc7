"""Rewrite the streamlined fp32 graph to int8, with one activation scale for each token.

ONNX Runtime's own dynamic quantisation gives a whole batch one scale, so a text's answer
depends on its neighbours, and one outlying token blurs all others. Here every token has its
own, so neither padding nor neighbours change anything:

    x' = x / s                       s a channel (SmoothQuant, Xiao et al., ICML 2023)
    q  = round(127 x' / r) + 128     r = max |x'| a token, q an unsigned byte
    y  = (q - 128) @ W' * r / 127    W' = s W, 7 bits and one scale an output channel

Activations that are never negative have 255 steps from 0 instead of 127 on either side of 128.

Weights keep to 7 bits because processors without VNNI add two products of bytes in 16 bits,
and would saturate: 255 * 63 * 2 fits. Word embeddings have one scale a word. Biases, layer
norms and the head stay fp32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from export.graph.activation_statistics import Activation
from export.graph.graph_rewriter import CONTRIB, Drawing
from export.graph.rounding import round_weights

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

SMOOTHING = 0.5
"""How much of the spread between channels moves into the weights; 0 none, 1 all."""

_LARGE_TABLE = 1_000_000
_TINY = 1e-5
_MIDDLE = 128

Reals = NDArray[np.floating[Any]]


def quantised_inputs(model: ModelProto) -> list[str]:
    """Return the names of the activations that are multiplied by weights, each once."""
    constants = {tensor.name for tensor in model.graph.initializer}
    names = [node.input[0] for node in model.graph.node if _is_weighted(node, constants)]
    return list(dict.fromkeys(names))


def quantise_rows(model: ModelProto, observed: Mapping[str, Activation]) -> ModelProto:
    """Return `model` with its products and embeddings in int8.

    Products take [tokens, channels] activations, as `streamline` makes them. `observed` has
    each of `quantised_inputs`. Raises KeyError when one is missing.
    """
    drawing = Drawing(model)
    rewriter = _Rewriter(drawing, observed)
    for node in drawing.nodes:
        rewriter.add(node)
    return drawing.finished()


def smoothing_of(weights: Reals, largest: Reals) -> Reals:
    """Return what each channel is divided by, from its weights and largest magnitude."""
    inputs = np.maximum(largest, _TINY) ** SMOOTHING
    outputs = np.maximum(np.abs(weights).max(axis=1), _TINY) ** (1 - SMOOTHING)
    divisors: Reals = (inputs / outputs).astype(np.float32)
    return divisors


def _is_weighted(node: NodeProto, constants: Container[str]) -> bool:
    """Tell products with constant weights."""
    return node.op_type == "MatMul" and node.input[1] in constants


@dataclass(frozen=True)
class _Quantised:
    """A quantised activation: the names of its bytes and of its largest magnitudes, [tokens, 1].

    The byte `zero_point` names is zero and `steps` more are the largest magnitude. `smoothing`
    divided its channels; `moments` are those after that.
    """

    values: str
    largest: str
    zero_point: str
    steps: int
    smoothing: Reals
    moments: Reals


class _Rewriter:
    """Adds nodes to a graph, quantising those that multiply by weights."""

    def __init__(self, drawing: Drawing, observed: Mapping[str, Activation]) -> None:
        self._drawing = drawing
        self._node, self._constant, self._array = drawing.node, drawing.constant, drawing.array
        self._tensors = drawing.tensors
        self._observed = observed
        self._quantised: dict[str, _Quantised] = {}
        self._weights: defaultdict[str, list[str]] = defaultdict(list)
        for node in drawing.nodes:
            if _is_weighted(node, self._tensors):
                self._weights[node.input[0]].append(node.input[1])
        self._constant("q/one", np.array(1.0, dtype=np.float32))
        self._constant("q/middle", np.array(_MIDDLE, dtype=np.uint8))
        self._constant("q/lowest", np.array(0, dtype=np.uint8))
        self._constant("q/last", np.array([1], dtype=np.int64))

    def add(self, node: NodeProto) -> None:
        """Add `node`, or what takes its place."""
        if _is_weighted(node, self._tensors):
            name = node.input[0]
            if name not in self._quantised:
                self._quantised[name] = self._quantise(name)
            self._multiply(self._quantised[name], self._array(node.input[1]), node.output[0])
        elif node.op_type == "Gather" and self._size(node.input[0]) >= _LARGE_TABLE:
            self._look_up(node)
        else:
            self._drawing.copy(node, node.input, node.output[0])

    def _quantise(self, name: str) -> _Quantised:
        """Quantise [tokens, channels] activations, one scale a token.

        A token of nothing has a scale of nothing, which its products are multiplied by.
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
        """Multiply by weights into the [tokens, outputs] floats `output`."""
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
        """Gather rows of a table in int8, one scale a row."""
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
