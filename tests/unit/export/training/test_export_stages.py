"""Training in two stages: a first one with own labels, a second one with every setting changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

import export.train
from export.config import SetConfig, TrainConfig, load_config
from export.errors import ConfigError
from export.labels import LABELS
from export.to_onnx import export_onnx
from export.train import train
from export.training.run_folder import last_checkpoint, run_summary
from export.training.torch_models import load_model
from export.training.trainer import make_trainer
from tests.support.export.sets import write

# torch and transformers warn of their own coming changes while they export and train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

RATE = 1e-9  # so small that the second stage stays what the first one was


@pytest.fixture(scope="module")
def stages(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: TrainConfig
) -> tuple[TrainConfig, Path]:
    """The configuration of two stages, and a folder for their runs."""
    folder = tmp_path_factory.mktemp("stages")
    either = write(folder / "mine.csv", "text,label\ni feel so,joy|love\nwhat a day,anger|fear\n")
    first = tiny_config.model_copy(
        update={
            "name": "first",
            "passes": 1,
            "sets": (SetConfig(name="carer"), SetConfig(name="tweeteval_hate", own_weight=1.0)),
        }
    )
    second = tiny_config.model_copy(
        update={
            "name": "second",
            "base": first,
            "passes": 1,
            "sets": (*tiny_config.sets, SetConfig(name="mine", path=either)),
            "learning_rate": RATE,
            "class_balance": 0.5,
            "typo_share": 0.3,
            "label_smoothing": 0.1,
            "focal_gamma": 1.0,
            "r_drop": 0.5,
            "layer_decay": 0.5,
            "patience": 1,
            "select_on": ("carer/accuracy", "tweeteval_irony/f1_ironic"),
        }
    )
    return second, folder


@pytest.fixture(scope="module")
def second_run(stages: tuple[TrainConfig, Path], tiny_data: Path) -> Path:
    """The finished run of both stages; the first one's folder is next to it."""
    config, folder = stages
    train(config, tiny_data, folder / "second")
    return folder / "second"


@pytest.fixture
def first_run(second_run: Path) -> Path:
    return second_run.parent / "first"


def test_the_base_is_trained_first_in_a_folder_of_its_name_next_to_the_run(
    stages: tuple[TrainConfig, Path], first_run: Path
) -> None:
    assert load_config(first_run / "config.yaml") == stages[0].base
    assert (first_run / "run.json").is_file()


def test_a_run_starts_from_the_model_of_its_base(first_run: Path, second_run: Path) -> None:
    start = load_file(first_run / "model" / "model.safetensors")
    end = load_file(second_run / "model" / "model.safetensors")

    assert set(start) == set(end)
    for name, value in end.items():
        np.testing.assert_allclose(value.numpy(), start[name].numpy(), atol=1e-6)


def test_own_labels_are_in_checkpoints_and_removed_from_the_model(first_run: Path) -> None:
    checkpoint = last_checkpoint(first_run)
    assert checkpoint is not None

    learned, kept = (
        load_file(folder / "model.safetensors")["classifier.weight"]
        for folder in (checkpoint, first_run / "model")
    )

    assert (len(learned), len(kept)) == (10, 8)
    assert torch.equal(learned[:8], kept)
    config = json.loads((first_run / "model" / "config.json").read_text())
    assert config["id2label"] == {str(index): label for index, label in enumerate(LABELS)}


def test_sets_without_single_emotions_have_no_figure(first_run: Path, second_run: Path) -> None:
    assert set(run_summary(first_run)["figures"]) == {"carer/accuracy", "carer/macro_f1", "select"}
    assert not [name for name in run_summary(second_run)["figures"] if name.startswith("mine/")]


def test_the_best_pass_is_picked_by_the_mean_of_the_chosen_figures(second_run: Path) -> None:
    figures = run_summary(second_run)["figures"]

    chosen = (figures["carer/accuracy"], figures["tweeteval_irony/f1_ironic"])
    assert figures["select"] == pytest.approx(sum(chosen) / 2, abs=1e-4)


def test_every_layer_was_trained_at_its_own_rate(second_run: Path) -> None:
    checkpoint = last_checkpoint(second_run)
    assert checkpoint is not None

    saved = torch.load(checkpoint / "optimizer.pt", weights_only=True)

    groups = {(group["initial_lr"], group["weight_decay"]) for group in saved["param_groups"]}
    assert groups == {(RATE / 2**below, decay) for below in range(4) for decay in (0.0, 0.01)}


def test_another_run_on_a_finished_base_does_not_train_it_again(
    stages: tuple[TrainConfig, Path],
    first_run: Path,
    tiny_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config, folder = stages
    trained: list[tuple[str, str, Path]] = []

    def once(config: TrainConfig, start: str, _: Path | None, __: Path, run: Path) -> Path:
        trained.append((config.name, start, run))
        return run / "model"

    monkeypatch.setattr(export.train, "_train_once", once)
    train(config.model_copy(update={"name": "third"}), tiny_data, folder / "third")

    assert trained == [("third", str(first_run / "model"), folder / "third")]


def test_a_finished_run_is_not_trained_again(
    stages: tuple[TrainConfig, Path],
    second_run: Path,
    tiny_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delattr(export.train, "_train_once")

    assert train(stages[0], tiny_data, second_run) == second_run / "model"
    assert "is finished already" in capsys.readouterr().out


def test_a_base_that_was_begun_with_other_settings_is_refused(
    stages: tuple[TrainConfig, Path], first_run: Path, tiny_data: Path
) -> None:
    config, folder = stages
    assert isinstance(config.base, TrainConfig)
    other = config.model_copy(update={"base": config.base.model_copy(update={"seed": 3})})

    with pytest.raises(ConfigError, match="first: was begun with other settings"):
        train(other, tiny_data, folder / "fourth")

    assert not (folder / "fourth").exists()


def test_typos_are_only_in_training_texts(
    stages: tuple[TrainConfig, Path], first_run: Path, tiny_data: Path, tmp_path: Path
) -> None:
    plain, misspelt = (
        make_trainer(
            stages[0].model_copy(update={"typo_share": share}),
            str(first_run / "model"),
            tiny_data,
            tmp_path,
        )
        for share in (0.0, 1.0)
    )

    def texts(data: Any) -> list[list[int]]:
        return [row["input_ids"] for row in data.rows]

    assert texts(plain.train_dataset) != texts(misspelt.train_dataset)
    assert texts(plain.eval_dataset) == texts(misspelt.eval_dataset)


def test_a_wide_checkpoint_is_exported_as_the_eight_outputs(
    first_run: Path, tmp_path: Path
) -> None:
    checkpoint = last_checkpoint(first_run)
    assert checkpoint is not None

    export_onnx(checkpoint, tmp_path / "model.onnx")

    ids = np.array([[2, 5, 6, 7, 3]], dtype=np.int64)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    feed = {"input_ids": ids, "attention_mask": 0 * ids + 1, "token_type_ids": 0 * ids}
    (logits,) = session.run(["logits"], feed)
    with torch.inference_mode():
        expected = load_model(str(first_run / "model"))(torch.from_numpy(ids)).logits.numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-4)
