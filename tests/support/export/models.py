"""Saved models for tests, made from the tiny base, and records of runs without training."""

from pathlib import Path

from export.training.torch_models import load_model, load_tokenizer

Runs = list[tuple[str, int, str, Path]]
"""Name, seed, base and folder of each run."""


def opinionated(base: Path, folder: Path) -> Path:
    """Save a model of `base` whose head has weights so large that texts get different labels."""
    import torch

    torch.manual_seed(2)
    model = load_model(str(base))
    with torch.no_grad():
        model.classifier.weight.mul_(100)
    model.save_pretrained(folder)
    load_tokenizer(str(base)).save_pretrained(folder)
    return folder
