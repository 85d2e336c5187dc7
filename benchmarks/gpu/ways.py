"""The compared ways of running one model: token ids of many posts in, logits out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from serving.classifier.artifact import Logits
from serving.classifier.batching import GPU_SIZING, Sizing, plan_batches, warm_shapes
from serving.classifier.engine import OnnxEngine
from serving.classifier.providers import GpuTuning

Posts = Sequence[Sequence[int]]
Way = Callable[[Posts], Logits]

PADDED_TO = 256
EAGER_TEXTS = 64
"""Texts per batch of the original way, each padded to PADDED_TO."""


def pad(posts: Posts, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and mask, each [posts, width]."""
    ids = np.zeros((len(posts), width), np.int64)
    mask = np.zeros_like(ids)
    for row, post in enumerate(posts):
        ids[row, : len(post)] = post
        mask[row, : len(post)] = 1
    return ids, mask


def in_batches(run: Callable[[np.ndarray, np.ndarray], Logits], sizing: Sizing) -> Way:
    """Return the way that runs posts in batches of similar length."""

    def way(posts: Posts) -> Logits:
        logits = np.zeros((len(posts), 8), np.float32)
        lengths = [len(post) for post in posts]
        for batch in plan_batches(lengths, sizing):
            indices = list(batch.indices)
            logits[indices] = run(*pad([posts[index] for index in indices], batch.width))
        return logits

    return way


def eager(model: Any, device: str) -> Way:
    """Return the original way: fp32, in order of arrival, padded to 256."""
    run = _torch_run(model.float().to(device), device)

    def way(posts: Posts) -> Logits:
        parts = [posts[at : at + EAGER_TEXTS] for at in range(0, len(posts), EAGER_TEXTS)]
        return np.concatenate([run(*pad(part, PADDED_TO)) for part in parts])

    return way


def compiled(model: Any, device: str, *, smoke: bool) -> Way:
    """Return PyTorch at its best: bf16, SDPA, compiled, batches of similar length."""
    model = model.to(torch.bfloat16).to(device)
    model.set_attn_implementation("sdpa")
    if not smoke:  # compiling takes a compiler and minutes
        model = torch.compile(model, dynamic=True)
    return in_batches(_torch_run(model, device), GPU_SIZING)


def unfused(graph: Path, provider: str) -> Way:
    """Return ONNX Runtime with the fp32 graph as it was exported."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    session = ort.InferenceSession(str(graph), options, providers=[provider], enable_fallback=False)
    names = [item.name for item in session.get_inputs()]

    def run(ids: np.ndarray, mask: np.ndarray) -> Logits:
        logits: Logits = session.run(["logits"], dict(zip(names, (ids, mask), strict=True)))[0]
        return logits

    return in_batches(run, GPU_SIZING)


def served_engine(
    graph: Path, provider: str, token_budget: int | None = None, *, cuda_graphs: bool = False
) -> Way:
    """Return the server's engine with one runner."""
    sizing = replace(GPU_SIZING, token_budget=token_budget or GPU_SIZING.token_budget)
    engine = OnnxEngine(graph, 1, [provider], GpuTuning(cuda_graphs=cuda_graphs))
    engine.warm(warm_shapes(sizing.token_budget, PADDED_TO))
    return in_batches(engine.run, sizing)


def agreement(one: Logits, other: Logits) -> float:
    """Return the share of posts for which both name the same of seven emotions."""
    return float((one[:, :7].argmax(1) == other[:, :7].argmax(1)).mean())


def flops(lengths: Sequence[int], layers: int, width: int) -> float:
    """Return the operations of the encoder's matrix products for posts of these lengths.

    A token costs 24 d^2 per layer (Q, K, V, output, and two of four times the width), its
    attention 4 t d more; neither padding nor anything else is counted.
    """
    return math.fsum(
        layers * (24 * width**2 * tokens + 4 * width * tokens**2) for tokens in lengths
    )


def _torch_run(model: Any, device: str) -> Callable[[np.ndarray, np.ndarray], Logits]:
    def run(ids: np.ndarray, mask: np.ndarray) -> Logits:
        with torch.inference_mode():
            tokens, there = (torch.from_numpy(part).to(device) for part in (ids, mask))
            found = model(input_ids=tokens, attention_mask=there).logits
            logits: Logits = found.float().cpu().numpy()
            return logits

    return run
