"""Training: one run, a run on another, several seeds averaged, interruptions and early stopping."""

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

import export.training.trainer
from export.config import SetConfig, TrainConfig, load_config
from export.errors import ConfigError, StorageError
from export.labels import LABELS
from export.to_onnx import export_onnx
from export.train import train
from export.training.run_folder import last_checkpoint, run_summary
from export.training.torch_models import load_model
from export.training.trainer import make_trainer
from tests.support.export.models import Runs
from tests.support.export.sets import write

# torch and transformers warn of their own coming changes while they train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

RATE = 1e-9  # so small that the second stage stays what the first one was


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def checkpoint_of(run: Path) -> Path:
    checkpoint = last_checkpoint(run)
    assert checkpoint is not None
    return checkpoint


@contextmanager
def interrupted_at(call: int) -> Iterator[None]:
    """Interrupt training at this computation of the loss, counted from 0."""
    right, calls = export.training.trainer.mixed_loss, itertools.count()

    def interrupted(*given: object) -> object:
        if next(calls) == call:
            raise KeyboardInterrupt
        return right(*given)  # type: ignore[arg-type]  # what the trainer passes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export.training.trainer, "mixed_loss", interrupted)
        yield


def test_a_finished_run_has_a_summary(finished_run: Path, tiny_config: TrainConfig) -> None:
    summary = json.loads((finished_run / "run.json").read_text())

    assert summary["best_checkpoint"].startswith("checkpoint-")
    assert set(summary["figures"]) == {
        "carer/accuracy",
        "carer/macro_f1",
        "tweeteval_irony/accuracy",
        "tweeteval_irony/macro_f1",
        "tweeteval_irony/f1_ironic",
        "select",
    }
    assert 0 < summary["figures"]["select"] == summary["figures"]["carer/accuracy"] <= 1
    assert load_config(finished_run / "config.yaml") == tiny_config
    assert list((finished_run / "logs").iterdir())


def test_an_interrupted_run_has_the_same_result(
    finished_run: Path,
    tiny_config: TrainConfig,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr("export.training.trainer.SAVE_STEPS", 2)
    with interrupted_at(5), pytest.raises(KeyboardInterrupt):
        train(tiny_config, tiny_data, run)
    left_at = checkpoint_of(run)
    right = export.training.trainer.mixed_loss
    learning: list[bool] = []

    def counted(logits: torch.Tensor, *given: object) -> object:
        learning.append(logits.requires_grad)
        return right(logits, *given)  # type: ignore[arg-type]  # what the trainer passes

    monkeypatch.setattr(export.training.trainer, "mixed_loss", counted)
    train(tiny_config, tiny_data, run)

    assert left_at.name == "checkpoint-4"
    assert sum(learning) == 12 - 4  # it went on from there and did not begin anew
    whole = weights_of(finished_run)
    for name, value in weights_of(run).items():
        np.testing.assert_allclose(value.numpy(), whole[name].numpy(), atol=1e-5)


def test_an_incomplete_checkpoint_is_skipped(tmp_path: Path) -> None:
    for name in ("checkpoint-80", "checkpoint-100"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoint-80" / "trainer_state.json").write_text("{}")

    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-80"


def test_a_run_is_not_continued_with_other_settings(
    finished_run: Path, tiny_config: TrainConfig, tiny_data: Path
) -> None:
    with pytest.raises(ConfigError, match="was begun with other settings"):
        train(tiny_config.model_copy(update={"seed": 5}), tiny_data, finished_run)


def test_a_full_disk_is_reported_before_training(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))

    with pytest.raises(StorageError, match="checkpoints need 2 GB of disk"):
        train(tiny_config, tiny_data, tmp_path / "run")


@pytest.mark.parametrize(
    "figure", ["carer/precision", "carer/f1_ironic", "tweeteval_hate/accuracy", "mine/accuracy"]
)
def test_a_figure_that_no_set_has_is_refused_before_training(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path, figure: str
) -> None:
    either = write(tmp_path / "mine.csv", "text,label\ni feel so,joy|love\n")
    sets = (
        *tiny_config.sets,
        SetConfig(name="tweeteval_hate", own_weight=1.0),
        SetConfig(name="mine", path=either, val_path=either),
    )
    config = tiny_config.model_copy(update={"sets": sets, "select_on": (figure,)})

    with pytest.raises(ConfigError, match=f"select_on: '{figure}' is none of carer/accuracy, "):
        train(config, tiny_data, tmp_path / "run")


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
    start, end = weights_of(first_run), weights_of(second_run)

    assert set(start) == set(end)
    for name, value in end.items():
        np.testing.assert_allclose(value.numpy(), start[name].numpy(), atol=1e-6)


def test_own_labels_are_in_checkpoints_and_removed_from_the_model(first_run: Path) -> None:
    learned, kept = (
        load_file(folder / "model.safetensors")["classifier.weight"]
        for folder in (checkpoint_of(first_run), first_run / "model")
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
    saved = torch.load(checkpoint_of(second_run) / "optimizer.pt", weights_only=True)

    groups = {(group["initial_lr"], group["weight_decay"]) for group in saved["param_groups"]}
    assert groups == {(RATE / 2**below, decay) for below in range(4) for decay in (0.0, 0.01)}


def test_another_run_on_a_finished_base_does_not_train_it_again(
    stages: tuple[TrainConfig, Path],
    first_run: Path,
    tiny_data: Path,
    trained: Runs,
) -> None:
    config, folder = stages

    train(config.model_copy(update={"name": "third"}), tiny_data, folder / "third")

    assert trained == [("third", config.seed, str(first_run / "model"), folder / "third")]


def test_a_finished_run_is_not_trained_again(
    stages: tuple[TrainConfig, Path],
    second_run: Path,
    tiny_data: Path,
    trained: Runs,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(stages[0], tiny_data, second_run) == second_run / "model"
    assert trained == []
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
    export_onnx(checkpoint_of(first_run), tmp_path / "model.onnx")

    ids = np.array([[2, 5, 6, 7, 3]], dtype=np.int64)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    feed = {"input_ids": ids, "attention_mask": 0 * ids + 1, "token_type_ids": 0 * ids}
    (logits,) = session.run(["logits"], feed)
    with torch.inference_mode():
        expected = load_model(str(first_run / "model"))(torch.from_numpy(ids)).logits.numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-4)


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
    trained: Runs,
) -> None:
    run = tmp_path / "soup"
    shutil.copytree(soup_run, run)
    shutil.rmtree(run / "model")
    (run / "run.json").unlink()
    (run / "seed-18" / "run.json").unlink()

    train(soup, tiny_data, run)

    assert [(seed, folder) for _, seed, _, folder in trained] == [(18, run / "seed-18")]
    assert torch.equal(
        weights_of(run)["classifier.weight"], weights_of(soup_run)["classifier.weight"]
    )


@pytest.fixture
def standing(one_set: TrainConfig) -> TrainConfig:
    """A run of up to six passes that never improves after its first."""
    return one_set.model_copy(update={"passes": 6, "learning_rate": 1e-12, "patience": 2})


def passes_of(run: Path) -> float:
    return float(json.loads((checkpoint_of(run) / "trainer_state.json").read_text())["epoch"])


@pytest.mark.parametrize(("patience", "passes"), [(1, 2), (None, 4)])
def test_a_run_stops_after_enough_passes_without_improvement(
    standing: TrainConfig, tiny_data: Path, tmp_path: Path, patience: int | None, passes: int
) -> None:
    config = standing.model_copy(update={"patience": patience, "passes": 4})

    train(config, tiny_data, tmp_path / "run")

    assert passes_of(tmp_path / "run") == passes


def test_an_interrupted_run_remembers_its_passes_without_improvement(
    standing: TrainConfig, tiny_data: Path, tmp_path: Path
) -> None:
    # The third pass's second step.
    with interrupted_at(13), pytest.raises(KeyboardInterrupt):
        train(standing, tiny_data, tmp_path / "run")
    left_after = passes_of(tmp_path / "run")
    train(standing, tiny_data, tmp_path / "run")

    assert left_after == 2
    assert passes_of(tmp_path / "run") == 3
