"""Average the weights of models that started from the same one (Wortsman et al., ICML 2022)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from export.training.torch_models import load_model


def average_models(
    folders: Sequence[Path], out: Path, shares: Sequence[float] | None = None
) -> None:
    """Write the model with the mean of the folders' weights to `out`.

    `shares`, which add up to 1, weigh the folders; without them all count the same.
    Tokenizer and configuration are the first folder's. Raises BaseModelError when a folder
    holds no model.
    """
    weights = shares or [1 / len(folders)] * len(folders)
    models = [load_model(str(folder)) for folder in folders]
    parts = [model.state_dict() for model in models]
    models[0].load_state_dict(
        {
            name: sum(
                share * part[name].double() for share, part in zip(weights, parts, strict=True)
            ).to(value.dtype)
            for name, value in parts[0].items()
        }
    )
    if folders[0] != out:
        shutil.copytree(folders[0], out, dirs_exist_ok=True)
    models[0].save_pretrained(out)
