"""Saved models for tests, made from the tiny base."""

from pathlib import Path

import torch

from export.training.torch_models import load_model, load_tokenizer


def opinionated(base: Path, folder: Path) -> Path:
    """Save a model of `base` whose head has weights so large that texts get different labels."""
    torch.manual_seed(2)
    model = load_model(str(base))
    with torch.no_grad():
        model.classifier.weight.mul_(100)
    model.save_pretrained(folder)
    load_tokenizer(str(base)).save_pretrained(folder)
    return folder
