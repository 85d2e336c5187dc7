"""From a BERT checkpoint to a plain fp32 ONNX graph, with torch alone.

Optimum, which `export.to_onnx` uses, holds transformers at one version; a card's machine has
another. Here the forward pass is written out as ONNX Runtime's fusions know it, without
`token_type_ids`, which are always zero: two inputs, `input_ids` and `attention_mask`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import BaseModelError, StorageError

if TYPE_CHECKING:
    from torch import Tensor

OPSET = 17
_HIDDEN = -10_000.0
"""What is added to the scores of padding; fp16 can hold it."""


def trace_onnx(model: Any, target: Path) -> None:
    """Write a `BertForSequenceClassification` as fp32 ONNX to the file `target`.

    Raises BaseModelError when its activation is not GELU, as written here, and StorageError when
    the file cannot be written.
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
    # Two tensors: tracing takes one that is given twice for one input.
    example = tuple(torch.ones((2, 7), dtype=torch.int64) for _ in names)
    with warnings.catch_warnings(), torch.inference_mode():
        # torch announces that its tracing exporter is old; the new one draws another graph, which
        # the fusions do not know.
        warnings.simplefilter("ignore")
        try:
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
        except OSError as exc:
            raise StorageError(f"{target}: cannot be written ({exc.strerror})") from exc


def bert_logits(model: Any, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """Return logits [texts, outputs] for ids and mask [texts, tokens] (Devlin et al., 2019)."""
    from torch.nn.functional import gelu

    bert, config = model.bert, model.config
    texts, tokens = input_ids.shape
    heads = config.num_attention_heads
    width = config.hidden_size // heads

    def by_head(states: Tensor) -> Tensor:
        return states.view(texts, tokens, heads, width).permute(0, 2, 1, 3)

    places = bert.embeddings.position_embeddings.weight[:tokens]
    segment = bert.embeddings.token_type_embeddings.weight[0]
    states = bert.embeddings.word_embeddings(input_ids) + segment + places
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
