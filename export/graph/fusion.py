"""ONNX Runtime's own graph transformations: operator fusion, fp16, and removal of padding."""

from pathlib import Path
from typing import Any, Literal

from export.errors import VerificationError

Packing = Literal["none", "attention", "multihead"]
"""How padding is removed: not at all, or around an attention operator that takes Q, K and V from
one product (`attention`) or from three (`multihead`).

Only the CUDA provider has kernels for the last two; which is faster depends on the GPU.
"""

PACKED_NODES = {"attention": "PackedAttention", "multihead": "PackedMultiHeadAttention"}


def fuse(source: Path, *, multi_head: bool = False) -> Any:
    """Return the graph with attention, GELU and layer norms as one node each."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    options = FusionOptions("bert")
    options.use_multi_head_attention = multi_head
    options.enable_embed_layer_norm = False  # fused embeddings could not be quantised
    return optimize_model(str(source), model_type="bert", opt_level=0, optimization_options=options)


def half_graph(source: Path, packing: Packing = "none") -> bytes:
    """Return the fp32 graph `source` fused and in fp16, with unchanged inputs and outputs.

    Raises VerificationError when attention is not fused or padding not removed in every layer:
    such a graph would be correct but slow.
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
    """Remove padding before the first layer and restore it after the last."""
    from onnxruntime.transformers.convert_to_packing_mode import PackingMode

    PackingMode(graph).convert(use_symbolic_shape_infer=False)
    packed = _count(graph, PACKED_NODES[packing])
    if packed != layers:
        raise VerificationError(f"padding is removed in {packed} of {layers} layers")
    note = graph.model.metadata_props.add()
    note.key, note.value = "packing", packing


def _count(graph: Any, kind: str) -> int:
    return sum(node.op_type == kind for node in graph.nodes())
