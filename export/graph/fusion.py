"""Graphs as ONNX Runtime's kernels like them: fused, in fp16, and with padding taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from export.errors import VerificationError

Packing = Literal["none", "attention", "multihead"]
"""How padding is taken out: not, around one operator with Q, K and V in one product, or three.

Only the CUDA provider has kernels for either; which of them is faster depends on the card.
"""

PACKED_NODES = {"attention": "PackedAttention", "multihead": "PackedMultiHeadAttention"}


def fuse(source: Path, *, multi_head: bool = False) -> Any:
    """Return the graph with attention, GELU and layer norms as one node each."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    options = FusionOptions("bert")
    options.use_multi_head_attention = multi_head
    options.enable_embed_layer_norm = False  # fused, the embeddings could not be quantised
    return optimize_model(str(source), model_type="bert", opt_level=0, optimization_options=options)


def half_graph(source: Path, packing: Packing = "none") -> bytes:
    """Return the fp32 graph `source` fused and in fp16, its inputs and outputs as they are.

    Raises VerificationError when attention is not fused, or padding is not taken out as asked:
    the graph would be right, and slow.
    """
    graph = fuse(source, multi_head=packing == "multihead")
    layers = _count(graph, "Attention") + _count(graph, "MultiHeadAttention")
    softmaxes = _count(graph, "Softmax")
    if not layers or softmaxes:
        raise VerificationError(
            f"{source}: attention is fused in {layers} layers and not in {softmaxes}"
        )
    graph.convert_float_to_float16(keep_io_types=True)
    if packing != "none":
        _pack(graph, packing, layers)
    return bytes(graph.model.SerializeToString())


def _pack(graph: Any, packing: Packing, layers: int) -> None:
    """Take padding out before the first layer and put it back after the last."""
    from onnxruntime.transformers.convert_to_packing_mode import PackingMode

    PackingMode(graph).convert(use_symbolic_shape_infer=False)
    packed = _count(graph, PACKED_NODES[packing])
    if packed != layers:
        raise VerificationError(f"padding is taken out of {packed} of {layers} layers")
    note = graph.model.metadata_props.add()
    note.key, note.value = "packing", packing


def _count(graph: Any, kind: str) -> int:
    return sum(node.op_type == kind for node in graph.nodes())
