"""Rewriting an ONNX graph node by node, with its constants kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto, NodeProto

CONTRIB = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""


class GraphRewriter:
    """A copy of a model without its nodes; the old ones are in `nodes`, to rewrite from."""

    def __init__(self, model: ModelProto) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self._graph = self.model.graph
        self.nodes = list(self._graph.node)
        del self._graph.node[:]
        self.tensors = {tensor.name: tensor for tensor in self._graph.initializer}

    def node(
        self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output, and return the output's name."""
        made = helper.make_node(
            kind, inputs, [output], f"{output}:{kind}", domain=domain, **attributes
        )
        self._graph.node.append(made)
        return output

    def copy(self, node: NodeProto, inputs: Sequence[str], output: str) -> None:
        """Add a copy of `node` with other inputs and another first output."""
        copied = onnx.NodeProto()
        copied.CopyFrom(node)
        del copied.input[:]
        copied.input.extend(inputs)
        copied.output[0] = output
        self._graph.node.append(copied)

    def constant(self, name: str, value: NDArray[Any]) -> None:
        """Add a constant."""
        self._graph.initializer.append(numpy_helper.from_array(value, name))

    def array(self, name: str) -> NDArray[np.float32]:
        """Return a constant of the original model."""
        return numpy_helper.to_array(self.tensors[name]).astype(np.float32)

    def finished(self) -> ModelProto:
        """Return the rewritten model, without nodes and constants that nothing reads."""
        read = {output.name for output in self._graph.output}
        kept: list[NodeProto] = []
        for node in reversed(self._graph.node):
            if read.intersection(node.output):
                kept.append(node)
                read.update(node.input)
        tensors = [tensor for tensor in self._graph.initializer if tensor.name in read]
        del self._graph.node[:]
        self._graph.node.extend(reversed(kept))
        del self._graph.initializer[:]
        self._graph.initializer.extend(tensors)
        return self.model
