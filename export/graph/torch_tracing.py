"""Exporting a BERT model to fp32 ONNX by tracing, with torch only.

Optimum, which `export.to_onnx` uses, pins transformers to a version that a GPU machine may not
have. Here the forward pass is written out in the form that ONNX Runtime's fusions recognise,
with two inputs, `input_ids` and `attention_mask`; `token_type_ids` are always zero.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import BaseModelError, writing

if TYPE_CHECKING:
    from torch import Tensor

OPSET = 17
_HIDDEN = -10_000.0
"""Added to the attention scores of padding; within the range of fp16."""


def trace_onnx(model: Any, target: Path) -> None:
    """Write a `BertForSequenceClassification` as fp32 ONNX to the file `target`.

    Raises BaseModelError when its activation is not GELU and StorageError when the file cannot
    be written.
    """
    import torch

    if model.config.hidden_act != "gelu":
        raise BaseModelError(f"the model's activation is {model.config.hidden_act}, not gelu")

    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
            return bert_logits(self.model, input_ids, attention_mask)

    names = ["input_ids", "attention_mask"]
    sizes = {0: "texts", 1: "tokens"}
    # Two tensors: tracing takes a tensor passed twice for one input.
    example = tuple(torch.ones((2, 7), dtype=torch.int64) for _ in names)
    with warnings.catch_warnings(), torch.inference_mode(), writing(target):
        # torch deprecates its tracing exporter; the new one makes a graph that the fusions do
        # not recognise.
        warnings.simplefilter("ignore")
        target.parent.mkdir(parents=True, exist_ok=True)
        torch.onnx.export(
            Plain().eval(),
            example,
            str(target),
            input_names=names,
            output_names=["logits"],
            dynamic_axes={**dict.fromkeys(names, sizes), "logits": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )


def bert_logits(model: Any, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """Return logits [texts, outputs] for ids and mask [texts, tokens] (Devlin et al., 2019)."""
    from torch.nn.functional import gelu

    bert, config = model.bert, model.config
    texts, tokens = input_ids.shape
    heads = config.num_attention_heads
    width = config.hidden_size // heads

    def by_head(states: Tensor) -> Tensor:
        return states.view(texts, tokens, heads, width).permute(0, 2, 1, 3)

    positions = bert.embeddings.position_embeddings.weight[:tokens]
    segment = bert.embeddings.token_type_embeddings.weight[0]
    states = bert.embeddings.word_embeddings(input_ids) + segment + positions
    states = bert.embeddings.LayerNorm(states)
    hidden = (1.0 - attention_mask[:, None, None, :].to(states.dtype)) * _HIDDEN
    for layer in bert.encoder.layer:
        own, after = layer.attention.self, layer.attention.output
        query, key, value = (by_head(part(states)) for part in (own.query, own.key, own.value))
        scores = query @ key.transpose(-1, -2) / width**0.5 + hidden
        context = (scores.softmax(-1) @ value).permute(0, 2, 1, 3)
        context = context.reshape(texts, tokens, heads * width)
        states = after.LayerNorm(after.dense(context) + states)
        inner = gelu(layer.intermediate.dense(states))
        states = layer.output.LayerNorm(layer.output.dense(inner) + states)
    logits: Tensor = model.classifier(bert.pooler.dense(states[:, 0]).tanh())
    return logits
