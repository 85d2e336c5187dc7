"""The mean of models: every weight, and the outputs of what is served alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from export.errors import BaseModelError
from export.labels import LABELS
from export.training.average import average_models
from export.training.torch_models import load_model, load_tokenizer


@pytest.fixture
def models(tiny_base: Path, tmp_path: Path) -> list[Path]:
    """Three models of one base: 1, 2 and 6 added to every weight; the last one is wide."""
    folders = []
    for added, side in ((1.0, ()), (2.0, ()), (6.0, ("a", "b"))):
        torch.manual_seed(3)
        model = load_model(str(tiny_base), side=side)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_().add_(added)
        folder = tmp_path / f"plus-{added:.0f}"
        model.save_pretrained(folder)
        load_tokenizer(str(tiny_base)).save_pretrained(folder)
        folders.append(folder)
    return folders


@pytest.mark.parametrize(("count", "mean"), [(1, 1.0), (2, 1.5), (3, 3.0)])
def test_every_weight_is_the_mean_of_the_models(
    models: list[Path], tmp_path: Path, count: int, mean: float
) -> None:
    average_models(models[:count], tmp_path / "mean")

    averaged = load_model(str(tmp_path / "mean"))
    assert all((one == mean).all() for one in averaged.parameters())


def test_the_mean_has_a_tokenizer_and_the_outputs_of_what_is_served(
    models: list[Path], tmp_path: Path
) -> None:
    average_models([models[2], models[0]], tmp_path / "mean")

    config = json.loads((tmp_path / "mean" / "config.json").read_text())
    assert [*config["id2label"].values()] == list(LABELS)
    weights = load_file(tmp_path / "mean" / "model.safetensors")
    assert len(weights["classifier.weight"]) == len(weights["classifier.bias"]) == len(LABELS)
    assert load_tokenizer(str(tmp_path / "mean"))("i feel")["input_ids"]


def test_the_models_stay_as_they_were(models: list[Path], tmp_path: Path) -> None:
    before = [(path / "model.safetensors").read_bytes() for path in models]

    average_models(models, tmp_path / "mean")

    assert [(path / "model.safetensors").read_bytes() for path in models] == before


def test_a_folder_without_a_model_is_named(models: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="nowhere: no model there"):
        average_models([models[0], tmp_path / "nowhere"], tmp_path / "mean")


def test_shares_weigh_the_models(models: list[Path], tmp_path: Path) -> None:
    average_models(models[:2], tmp_path / "mixed", shares=[0.75, 0.25])

    one, other, mixed = (
        load_model(str(folder)).classifier.weight
        for folder in (models[0], models[1], tmp_path / "mixed")
    )
    assert torch.allclose(mixed, 0.75 * one + 0.25 * other)
