"""Average the weights of models that started from the same one (Wortsman et al., ICML 2022)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from export.base import load_model


def average_models(folders: Sequence[Path], out: Path) -> None:
    """Write the model with the mean of the folders' weights to `out`.

    Tokenizer and configuration are the first folder's. Raises BaseModelError when a folder
    holds no model.
    """
    import torch

    first = load_model(str(folders[0]))
    mean = {name: value.double() for name, value in first.state_dict().items()}
    for folder in folders[1:]:
        for name, value in load_model(str(folder)).state_dict().items():
            mean[name] += value.double()
    first.load_state_dict(
        {
            name: (mean[name] / len(folders)).to(value.dtype)
            for name, value in first.state_dict().items()
        }
    )
    with torch.no_grad():
        shutil.copytree(folders[0], out, dirs_exist_ok=True)
        first.save_pretrained(out)
