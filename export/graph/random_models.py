"""Models with random weights and the shapes of known encoders, for measuring speed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.graph.torch_tracing import trace_onnx
from export.labels import LABELS
from export.packaging.model_folder import (
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    ModelFacts,
    write_manifest,
)
from serving.classifier.preprocess import normalise

_SPREAD = 0.08
"""Standard deviation of the weights: with BERT's 0.02 all texts would have the same states."""

_SEED = 17


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of an encoder; the vocabulary is the shipped tokenizer's."""

    layers: int
    width: int
    heads: int
    max_tokens: int = 256


SHAPES = {
    "bert-base": Shape(layers=12, width=768, heads=12),
    "minilm-l6": Shape(layers=6, width=384, heads=12),
    "tiny": Shape(layers=2, width=64, heads=2),
}
"""bert-base-uncased (Devlin et al., 2019), the shipped encoder, and one for tests."""


def random_model(shape: Shape, texts: Sequence[str], tokenizer: Path) -> Any:
    """Return a `BertForSequenceClassification` of this shape whose labels vary over `texts`.

    Its head is scaled so that every output has mean 0 and deviation 1 over the texts: otherwise
    all of them would have the same label, and agreement of labels would mean nothing.
    """
    import torch
    from tokenizers import Tokenizer  # type: ignore[import-untyped] # ships no stubs
    from transformers import BertConfig, BertForSequenceClassification

    config_of: Any = BertConfig  # transformers' classes are untyped
    model_of: Any = BertForSequenceClassification
    torch.manual_seed(_SEED)
    encoder = Tokenizer.from_file(str(tokenizer))
    encoder.enable_truncation(shape.max_tokens)
    model = model_of(
        config_of(
            vocab_size=encoder.get_vocab_size(),
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=4 * shape.width,
            num_labels=len(LABELS),
            initializer_range=_SPREAD,
        )
    ).eval()
    with torch.inference_mode():
        logits = torch.cat(
            [model(torch.tensor([encoder.encode(normalise(text)).ids])).logits for text in texts]
        )
        scale = logits.std(0)
        model.classifier.weight /= scale[:, None]
        model.classifier.bias.copy_((model.classifier.bias - logits.mean(0)) / scale)
    return model


def write_random_model(name: str, folder: Path, texts: Sequence[str]) -> Any:
    """Write the fp32 model folder of a random model; return the PyTorch model it is made from."""
    model = random_model(SHAPES[name], texts, SHIPPED / TOKENIZER_FILE)
    write_traced(model, ModelFacts(name, "0.0.0", "weights of chance", "fp32", 256), folder)
    return model


def write_traced(model: Any, facts: ModelFacts, folder: Path) -> None:
    """Write the fp32 model folder of a PyTorch model with the shipped tokenizer's vocabulary."""
    trace_onnx(model, folder / MODEL_FILE)
    shutil.copyfile(SHIPPED / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    write_manifest(folder, facts)
