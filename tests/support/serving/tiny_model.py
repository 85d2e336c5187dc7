"""Write a model folder like the shipped one, but tiny and untrained.

The graph averages a row of random numbers a token over the tokens that the mask lets through,
so its logits depend on the text and not on the padding. Nothing is learnt and nothing random
changes from run to run.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

LABELS = ["anger", "fear", "joy", "love", "sadness", "surprise", "neutral", "irony"]
MAX_TOKENS = 32
FRAGILE_WORD = "fragile"
"""A word whose token makes every logit of its text infinite."""

WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", FRAGILE_WORD,
    "am", "so", "happy", "sad", "angry", "today", "my", "dog", "is", "here", "and",
    *"abcdefghijklmnopqrstuvwxyz0123456789.,!?#@",
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"),
]  # fmt: skip
"""The vocabulary; a token's number is its word's index."""


def write_tiny_model(folder: Path, **changes: Any) -> Path:
    """Write a whole, verified model folder and return it; `changes` replace manifest fields."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_tokenizer(folder / "tokenizer.json")
    onnx.save(_graph(), folder / "model.onnx")
    write_manifest(folder, **changes)
    return folder


def write_manifest(folder: Path, **changes: Any) -> None:
    """Write the manifest that goes with the files in `folder`, checksums included."""
    manifest = {
        "schema": 1,
        "name": "tiny",
        "version": "0.0.1",
        "base": "none",
        "precision": "fp32",
        "labels": LABELS,
        "max_tokens": MAX_TOKENS,
        "preprocess_version": 1,
        "temperature": {"emotion": 1.0, "irony": 1.0},
        "files": {
            name: {
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
                "bytes": (folder / name).stat().st_size,
            }
            for name in ("model.onnx", "tokenizer.json")
        },
        "training": {},
        "accuracy": {
            "toy": {
                "split": "test",
                "examples": 1,
                "accuracy": 0.5,
                "accuracy_ci": [0.25, 0.75],
                "macro_f1": 0.5,
            }
        },
        "verification": {},
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _write_tokenizer(path: Path) -> None:
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.save(str(path))


def _graph() -> onnx.ModelProto:
    """Return logits = sum(table[input_ids] * mask) / sum(mask), inputs and output as shipped."""
    table = np.random.default_rng(7).normal(scale=3.0, size=(len(WORDS), len(LABELS)))
    table[WORDS.index(FRAGILE_WORD)] = np.inf
    tokens = ["batch", "tokens"]
    names = ("input_ids", "attention_mask", "token_type_ids")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["mask"]),
        helper.make_node("Cast", ["mask"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["rows", "weights"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["weights", "middle"], ["count"], keepdims=0),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        # An input that nothing reads would be taken out of the graph.
        helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["types", "row"], ["type"], keepdims=1),
        helper.make_node("Add", ["mean", "type"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [
            numpy_helper.from_array(table.astype(np.float32), "table"),
            numpy_helper.from_array(np.array([2], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "middle"),
            numpy_helper.from_array(np.array([1], np.int64), "row"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
