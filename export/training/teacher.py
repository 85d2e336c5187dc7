"""A larger model's logits on the training texts, for the small one to learn (distillation).

The teacher runs over every text once. Its logits are cached next to it, by the texts, for a
run that is resumed and for later runs on the same texts.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from export.data import LoadedSet
from export.labels import LABELS
from export.training.torch_models import load_model, load_tokenizer
from serving.classifier.batching import Sizing, plan_batches
from serving.classifier.preprocess import normalise

Logits = npt.NDArray[np.float32]
"""[texts, 8], in the order of LABELS."""

_TOKEN_BUDGET = 2048
_PROGRESS_EVERY = 200


def teacher_logits(
    model: Path, sets: Sequence[LoadedSet], max_tokens: int, *, bf16: bool
) -> Mapping[str, Logits]:
    """Return the logits of the model folder `model` on each set with a `teacher_weight`, by name.

    Raises BaseModelError when no model is in the folder.
    """
    logits: dict[str, Logits] = {}
    for one in sets:
        if one.chosen.teacher_weight:
            texts = [normalise(example.text) for example in one.examples]
            cached = model.parent / f"said-{one.source.name}-{_digest(texts, max_tokens)}.npy"
            if not cached.is_file():
                print(f"the teacher reads {len(texts):,} texts of {one.source.name}", flush=True)
                # Renamed when complete, so that an interrupted run leaves no partial cache.
                partial = cached.with_suffix(".half.npy")
                np.save(partial, _compute(model, texts, max_tokens, bf16=bf16))
                partial.replace(cached)
            logits[one.source.name] = np.load(cached)
    return logits


def _digest(texts: Sequence[str], max_tokens: int) -> str:
    whole = hashlib.sha256(str(max_tokens).encode())
    for text in texts:
        whole.update(text.encode("utf-8", "replace") + b"\0")
    return whole.hexdigest()[:16]


def _compute(folder: Path, texts: Sequence[str], max_tokens: int, *, bf16: bool) -> Logits:
    """Return the logits of all texts, in their order; a batch has texts of similar length."""
    import torch

    tokenizer = load_tokenizer(str(folder))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(str(folder), architecture="any").to(device).eval()  # type: ignore[arg-type]
    precision: AbstractContextManager[None] = torch.autocast(device, torch.bfloat16, enabled=bf16)
    ids = tokenizer(list(texts), truncation=True, max_length=max_tokens)["input_ids"]
    batches = plan_batches([len(one) for one in ids], Sizing(_TOKEN_BUDGET))
    logits = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
    with torch.inference_mode(), precision:
        for number, batch in enumerate(batches, start=1):
            indices = list(batch.indices)
            padded = tokenizer.pad(
                {"input_ids": [ids[index] for index in indices]}, return_tensors="pt"
            ).to(device)
            found = model(padded["input_ids"], padded["attention_mask"]).logits
            logits[indices] = found.float().cpu().numpy()[:, : len(LABELS)]
            if number % _PROGRESS_EVERY == 0:
                print(f"  {number} of {len(batches)} batches", flush=True)
    return logits
