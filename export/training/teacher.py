"""What a larger model says of the training texts, so that the small one can learn it.

The teacher reads every text once. What it said is kept beside it, by the texts, so that a run
that is resumed, and the next run on the same texts, need not ask again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from export.data import LoadedSet
from export.labels import LABELS
from export.training.torch_models import load_model, load_tokenizer
from serving.classifier.batching import plan_batches
from serving.classifier.preprocess import normalise

Logits = npt.NDArray[np.float32]
"""[texts, 8], in the order of LABELS."""

_RUN_TOKENS = 2048
_PROGRESS_EVERY = 200


def ask_teacher(
    model: Path, sets: Sequence[LoadedSet], max_tokens: int, *, bf16: bool
) -> Mapping[str, Logits]:
    """Return, by the name of each set with a `teacher_weight`, what `model` says of its texts.

    Raises BaseModelError when no model is in the folder.
    """
    said: dict[str, Logits] = {}
    for one in sets:
        if one.chosen.teacher_weight:
            texts = [normalise(example.text) for example in one.examples]
            kept = model.parent / f"said-{one.source.name}-{_digest(texts, max_tokens)}.npy"
            if not kept.is_file():
                print(f"the teacher reads {len(texts):,} texts of {one.source.name}", flush=True)
                # A run that is interrupted leaves no answer that looks whole.
                half = kept.with_suffix(".half.npy")
                np.save(half, _answers(model, texts, max_tokens, bf16=bf16))
                half.replace(kept)
            said[one.source.name] = np.load(kept)
    return said


def _digest(texts: Sequence[str], max_tokens: int) -> str:
    whole = hashlib.sha256(str(max_tokens).encode())
    for text in texts:
        whole.update(text.encode("utf-8", "replace") + b"\0")
    return whole.hexdigest()[:16]


def _answers(folder: Path, texts: Sequence[str], max_tokens: int, *, bf16: bool) -> Logits:
    """Return the logits of all texts, in their order; texts of like length are read together."""
    import torch

    tokenizer = load_tokenizer(str(folder))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(str(folder), architecture="any").to(device).eval()  # type: ignore[arg-type]
    precision: AbstractContextManager[None] = torch.autocast(device, torch.bfloat16, enabled=bf16)
    ids = tokenizer(list(texts), truncation=True, max_length=max_tokens)["input_ids"]
    groups = plan_batches([len(one) for one in ids], _RUN_TOKENS)
    logits = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
    with torch.inference_mode(), precision:
        for number, group in enumerate(groups, start=1):
            places = list(group.indices)
            padded = tokenizer.pad(
                {"input_ids": [ids[place] for place in places]}, return_tensors="pt"
            ).to(device)
            found = model(padded["input_ids"], padded["attention_mask"]).logits
            logits[places] = found.float().cpu().numpy()[:, : len(LABELS)]
            if number % _PROGRESS_EVERY == 0:
                print(f"  {number} of {len(groups)} runs", flush=True)
    return logits
