"""Masked language modelling on texts, before labels are learned."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from export.config import SetConfig, TrainConfig
from export.errors import BaseModelError, ConfigError
from export.train import train
from export.training.pretraining import pretrain
from tests.support.export.models import Runs

# torch and transformers warn of their own coming changes while they train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def reading(tiny_config: TrainConfig) -> TrainConfig:
    """One pass over one set, after two of pretraining on the texts of two sets."""
    return tiny_config.model_copy(
        update={
            "passes": 1,
            "sets": (SetConfig(name="carer"),),
            "adapt_on": ("carer", "tweeteval_hate"),
            "adapt_passes": 2,
        }
    )


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, reading: TrainConfig, tiny_data: Path
) -> Path:
    run = tmp_path_factory.mktemp("runs") / "reading"
    train(reading, tiny_data, run)
    return run


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_pretraining_changes_the_encoder_and_keeps_its_pooler(
    finished: Path, tiny_base: Path
) -> None:
    before, after = weights_of(tiny_base), weights_of(finished / "adapted" / "model")

    assert set(after) == set(before)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert "embeddings.word_embeddings.weight" in changed
    assert "encoder.layer.1.output.dense.weight" in changed
    assert not [name for name in changed if name.startswith("pooler.")]


def test_every_text_is_used_as_often_as_configured(finished: Path) -> None:
    states = (finished / "adapted").glob("checkpoint-*/trainer_state.json")
    last = max((json.loads(path.read_text()) for path in states), key=lambda one: one["epoch"])

    assert last["epoch"] == 2
    assert last["global_step"] == 2 * 4  # 24 + 8 texts in batches of 8


def test_the_run_starts_from_the_pretrained_encoder(
    reading: TrainConfig, tiny_data: Path, tmp_path: Path, trained: Runs
) -> None:
    train(reading, tiny_data, tmp_path / "run")

    assert [start for _, _, start, _ in trained] == [str(tmp_path / "run" / "adapted" / "model")]


def test_finished_pretraining_is_not_repeated(
    reading: TrainConfig, finished: Path, tiny_base: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)

    found = pretrain(reading, str(tiny_base), tmp_path / "no data here", run)

    assert found == run / "adapted" / "model"


def test_an_unknown_set_for_pretraining_is_named(
    reading: TrainConfig, tiny_base: Path, tiny_data: Path, tmp_path: Path
) -> None:
    wrong = reading.model_copy(update={"adapt_on": ("carer", "diaries")})

    with pytest.raises(ConfigError, match=r"'diaries' is none of carer, .* and has no path"):
        pretrain(wrong, str(tiny_base), tiny_data, tmp_path / "run")


def test_a_folder_without_an_encoder_is_named(
    reading: TrainConfig, tiny_base: Path, tiny_data: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    shutil.copytree(tiny_base, empty, ignore=shutil.ignore_patterns("*.safetensors"))

    with pytest.raises(BaseModelError, match=f"{empty}: cannot guess words"):
        pretrain(reading, str(empty), tiny_data, tmp_path / "run")
