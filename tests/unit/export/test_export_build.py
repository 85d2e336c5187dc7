"""Training, export, int8 and the model folder, on a BERT of two layers."""

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import export.build
import export.training.trainer
from export.build import BuildRequest, build, remake_command
from export.config import DEFAULT_CONFIG, TrainConfig, save_config
from export.errors import VerificationError
from export.evaluate import main as evaluate_main
from export.evaluation.verification import torch_probabilities
from export.quantize import Precision
from serving.classifier.artifact import Temperature, open_model
from serving.classifier.classifier import EmotionClassifier

# torch and transformers warn of their own coming changes while they export and train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


NOTE = "made for a test"


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    finished_run: Path,
    tiny_config: TrainConfig,
    tiny_data: Path,
) -> Path:
    out = tmp_path_factory.mktemp("served") / "model"
    trained = finished_run / "model"
    build(tiny_config, BuildRequest(tiny_data, finished_run, trained, out, note=NOTE))
    return out


@pytest.fixture
def order(finished_run: Path, tiny_data: Path, tmp_path: Path) -> BuildRequest:
    return BuildRequest(
        tiny_data, finished_run, finished_run / "model", tmp_path / "served" / "model"
    )


@pytest.mark.parametrize("precision", ["int8", "fp16", "fp32"])
def test_a_built_folder_opens_and_describes_itself(
    request: pytest.FixtureRequest,
    order: BuildRequest,
    tiny_config: TrainConfig,
    precision: Precision,
) -> None:
    if precision == "int8":
        out = request.getfixturevalue("built")
    else:
        out = order.out
        build(tiny_config, replace(order, precision=precision, note=NOTE))

    artifact = open_model(out)
    assert artifact.precision == precision
    assert artifact.training["note"] == NOTE
    assert artifact.accuracy["carer"]["examples"] == 24
    assert "f1_ironic_ci" in artifact.accuracy["tweeteval_irony"]
    model_card = (out / "README.md").read_text()
    assert NOTE in model_card
    assert "](reliability.svg)" in model_card
    assert "<svg" in (out / "reliability.svg").read_text()
    manifest = json.loads((out / "manifest.json").read_text())
    assert list(manifest["calibration"]["emotion"]["sets"]) == ["carer"]
    assert list(manifest["calibration"]["irony"]["sets"]) == ["tweeteval_irony"]
    assert list(manifest["verification"][f"{precision}_cost"]) == ["carer", "tweeteval_irony"]
    assert [path.name for path in out.parent.iterdir()] == ["model"]


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
