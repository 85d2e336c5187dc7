"""Training, export, int8 and the model folder, on a BERT of two layers."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch

import export.build
import export.training.trainer
from export.build import BuildRequest, build, remake_command
from export.config import DEFAULT_CONFIG, SetConfig, TrainConfig, load_config, save_config
from export.errors import ConfigError, StorageError, VerificationError
from export.evaluate import main as evaluate_main
from export.evaluation.verification import torch_probabilities
from export.to_onnx import export_onnx
from export.train import train
from export.training.run_folder import last_checkpoint
from export.training.torch_models import load_model
from serving.classifier.artifact import Temperature, open_model
from serving.classifier.classifier import EmotionClassifier
from tests.support.export.sets import write

# torch and transformers warn of their own coming changes while they export and train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def finished_run(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: TrainConfig, tiny_data: Path
) -> Path:
    run = tmp_path_factory.mktemp("runs") / "tiny"
    train(tiny_config, tiny_data, run)
    return run


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    finished_run: Path,
    tiny_config: TrainConfig,
    tiny_data: Path,
) -> Path:
    """A built int8 folder, for tests that only read it."""
    out = tmp_path_factory.mktemp("served") / "model"
    build(tiny_config, BuildRequest(tiny_data, finished_run, finished_run / "model", out))
    return out


@pytest.fixture
def order(finished_run: Path, tiny_data: Path, tmp_path: Path) -> BuildRequest:
    return BuildRequest(
        tiny_data, finished_run, finished_run / "model", tmp_path / "served" / "model"
    )


def weights_of(run: Path) -> dict[str, np.ndarray]:
    state = load_model(str(run / "model")).state_dict()
    return {name: value.numpy() for name, value in state.items()}


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
    right, calls = export.training.trainer.mixed_loss, iter(range(1_000))

    def interrupted(*given: object) -> object:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return right(*given)  # type: ignore[arg-type]  # what the trainer passes

    with monkeypatch.context() as patch:
        patch.setattr(export.training.trainer, "mixed_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tiny_config, tiny_data, run)
    left_at = last_checkpoint(run)
    learning: list[bool] = []

    def counted(logits: torch.Tensor, *given: object) -> object:
        learning.append(logits.requires_grad)
        return right(logits, *given)  # type: ignore[arg-type]  # what the trainer passes

    with monkeypatch.context() as patch:
        patch.setattr(export.training.trainer, "mixed_loss", counted)
        train(tiny_config, tiny_data, run)

    assert left_at is not None
    assert left_at.name == "checkpoint-4"
    assert sum(learning) == 12 - 4  # it went on from there and did not begin anew
    whole = weights_of(finished_run)
    for name, value in weights_of(run).items():
        np.testing.assert_allclose(value, whole[name], atol=1e-5)


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


def test_the_exported_graph_has_the_inputs_and_output_that_serving_expects(
    finished_run: Path, tmp_path: Path
) -> None:
    export_onnx(finished_run / "model", tmp_path / "model.onnx")

    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    assert {one.name for one in session.get_inputs()} == {
        "input_ids",
        "attention_mask",
        "token_type_ids",
    }
    assert session.get_outputs()[0].shape[-1] == 8


@pytest.mark.parametrize("precision", ["int8", "fp16", "fp32"])
def test_a_built_folder_opens_and_describes_itself(
    order: BuildRequest, tiny_config: TrainConfig, precision: str
) -> None:
    order = BuildRequest(
        order.data, order.run, order.trained, order.out, precision, "made for a test"
    )  # type: ignore[arg-type]

    build(tiny_config, order)

    artifact = open_model(order.out)
    assert artifact.precision == precision
    assert artifact.training["note"] == "made for a test"
    assert artifact.accuracy["carer"]["examples"] == 24
    assert "f1_ironic_ci" in artifact.accuracy["tweeteval_irony"]
    card = (order.out / "README.md").read_text()
    assert "made for a test" in card
    assert "](reliability.svg)" in card
    assert "<svg" in (order.out / "reliability.svg").read_text()
    manifest = json.loads((order.out / "manifest.json").read_text())
    assert list(manifest["calibration"]["emotion"]["sets"]) == ["carer"]
    assert list(manifest["calibration"]["irony"]["sets"]) == ["tweeteval_irony"]
    assert list(manifest["verification"][f"{precision}_cost"]) == ["carer", "tweeteval_irony"]
    assert [path.name for path in order.out.parent.iterdir()] == ["model"]


def test_int8_results_do_not_depend_on_padding_or_neighbours(built: Path) -> None:
    session = onnxruntime.InferenceSession(str(built / "model.onnx"))
    alone = np.array([[2, 5, 6, 7, 3]], dtype=np.int64)
    padded = np.array([[2, 5, 6, 7, 3, 0, 0, 0], [2, 9, 9, 9, 9, 9, 9, 3]], dtype=np.int64)

    def logits(ids: np.ndarray) -> np.ndarray:
        mask = (ids != 0).astype(np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
        return np.asarray(session.run(["logits"], feed)[0])

    np.testing.assert_allclose(logits(alone)[0], logits(padded)[0], atol=1e-5)


def test_int8_probabilities_are_close_to_those_of_pytorch(built: Path, finished_run: Path) -> None:
    artifact = replace(open_model(built), temperature=Temperature())

    with EmotionClassifier(artifact, threads=1) as classifier:
        (found,) = classifier.classify(["I feel SO happy today"])

    (expected,) = torch_probabilities(finished_run / "model", ["i feel so happy today"], 32)
    assert [*found.scores.values(), found.irony] == pytest.approx(expected.tolist(), abs=0.02)


def test_a_model_that_fails_verification_does_not_replace_the_old_one(
    order: BuildRequest, tiny_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    order.out.mkdir(parents=True)
    (order.out / "old").write_text("old")

    def refuse(*_: object) -> None:
        raise VerificationError("labels agree on too few texts")

    monkeypatch.setattr(export.build, "verify", refuse)
    with pytest.raises(VerificationError):
        build(tiny_config, order)

    assert [path.name for path in order.out.parent.iterdir()] == ["model"]
    assert (order.out / "old").read_text() == "old"


def test_an_interrupted_build_is_one_line_and_leaves_the_old_folder(
    order: BuildRequest,
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    order.out.mkdir(parents=True)
    save_config(tiny_config, tmp_path / "config.yaml")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export.build, "make_precision", interrupt)
    status = export.build.main(
        [
            *("--config", str(tmp_path / "config.yaml"), "--data", str(order.data)),
            *("--run", str(order.run), "--out", str(order.out)),
        ]
    )

    assert status == 130
    assert capsys.readouterr().err.startswith("interrupted")
    assert [path.name for path in order.out.parent.iterdir()] == ["model"]


def test_evaluating_a_built_folder_prints_its_figures(
    built: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = evaluate_main([str(tiny_data / "carer" / "val.txt"), "--model", str(built)])

    printed = capsys.readouterr().out
    assert status == 0
    assert "examples  24" in printed
    assert "surprise" in printed
    assert "neutral" not in printed


@pytest.mark.parametrize(
    ("config", "precision", "command"),
    [
        (DEFAULT_CONFIG, "int8", "make model"),
        (
            DEFAULT_CONFIG.with_name("free.yaml"),
            "int8",
            'make model BUILD_ARGS="--config export/configs/free.yaml"',
        ),
        (
            Path("/else/a.yaml"),
            "fp16",
            'make model BUILD_ARGS="--config /else/a.yaml --precision fp16"',
        ),
    ],
)
def test_the_command_makes_the_same_model_again(config: Path, precision: str, command: str) -> None:
    assert remake_command(Namespace(config=config, precision=precision)) == command
