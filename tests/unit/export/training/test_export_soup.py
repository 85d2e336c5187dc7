"""Averages over several seeds, and early stopping."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import export.train
import export.training.trainer
from export.config import SetConfig, TrainConfig
from export.labels import LABELS
from export.train import train
from export.training.run_folder import last_checkpoint, run_summary

# torch and transformers warn of their own coming changes while they train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def one_set(tiny_config: TrainConfig) -> TrainConfig:
    """One pass of three steps over one set; its evaluation takes three batches too."""
    return tiny_config.model_copy(update={"passes": 1, "sets": (SetConfig(name="carer"),)})


@pytest.fixture(scope="module")
def soup(one_set: TrainConfig) -> TrainConfig:
    return one_set.model_copy(update={"soup": 2})


@pytest.fixture(scope="module")
def soup_run(tmp_path_factory: pytest.TempPathFactory, soup: TrainConfig, tiny_data: Path) -> Path:
    run = tmp_path_factory.mktemp("runs") / "soup"
    train(soup, tiny_data, run)
    return run


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def test_the_weights_of_a_soup_are_the_mean_of_its_seeds(soup_run: Path) -> None:
    one, other = weights_of(soup_run / "seed-17"), weights_of(soup_run / "seed-18")

    mean = weights_of(soup_run)

    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    assert set(mean) == set(one)
    for name, value in mean.items():
        assert torch.equal(value, ((one[name].double() + other[name].double()) / 2).float())


def test_a_soup_has_its_own_figures(soup_run: Path) -> None:
    summary = run_summary(soup_run)

    assert summary["averaged"] == 2
    assert set(summary["figures"]) == {"carer/accuracy", "carer/macro_f1", "select"}
    config = json.loads((soup_run / "model" / "config.json").read_text())
    assert list(config["id2label"].values()) == list(LABELS)


def test_an_interrupted_soup_keeps_the_finished_seeds(
    soup: TrainConfig,
    soup_run: Path,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "soup"
    shutil.copytree(soup_run, run)
    shutil.rmtree(run / "model")
    (run / "run.json").unlink()
    (run / "seed-18" / "run.json").unlink()
    trained: list[tuple[int, Path]] = []

    def once(config: TrainConfig, start: str, _: Path | None, data: Path, folder: Path) -> Path:
        trained.append((config.seed, folder))
        return folder / "model"

    monkeypatch.setattr(export.train, "_train_once", once)
    train(soup, tiny_data, run)

    assert trained == [(18, run / "seed-18")]
    assert torch.equal(
        weights_of(run)["classifier.weight"], weights_of(soup_run)["classifier.weight"]
    )


@pytest.fixture
def standing(one_set: TrainConfig) -> TrainConfig:
    """A run of up to six passes that never improves after its first."""
    return one_set.model_copy(update={"passes": 6, "learning_rate": 1e-12, "patience": 2})


def passes_of(run: Path) -> float:
    """Return the passes up to the last checkpoint."""
    checkpoint = last_checkpoint(run)
    assert checkpoint is not None
    return float(json.loads((checkpoint / "trainer_state.json").read_text())["epoch"])


@pytest.mark.parametrize(("patience", "passes"), [(1, 2), (None, 4)])
def test_a_run_stops_after_enough_passes_without_improvement(
    standing: TrainConfig, tiny_data: Path, tmp_path: Path, patience: int | None, passes: int
) -> None:
    config = standing.model_copy(update={"patience": patience, "passes": 4})

    train(config, tiny_data, tmp_path / "run")

    assert passes_of(tmp_path / "run") == passes


def test_an_interrupted_run_remembers_its_passes_without_improvement(
    standing: TrainConfig, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, calls = export.training.trainer.mixed_loss, iter(range(1_000))

    def interrupted(*given: object) -> object:
        if next(calls) == 13:  # the third pass's second step
            raise KeyboardInterrupt
        return right(*given)  # type: ignore[arg-type]  # what the trainer passes

    with monkeypatch.context() as patch:
        patch.setattr(export.training.trainer, "mixed_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(standing, tiny_data, tmp_path / "run")
    left_after = passes_of(tmp_path / "run")
    train(standing, tiny_data, tmp_path / "run")

    assert left_after == 2
    assert passes_of(tmp_path / "run") == 3
