"""Validation: the figures of a model folder, measured only on validation sets."""

import shutil
from pathlib import Path

import pytest

from export.config import SetConfig, TrainConfig
from export.training.trainer import make_trainer
from export.training.validation import logged_figures, validation_figures, validation_sets
from tests.support.export.models import opinionated

# torch and transformers warn of their own coming changes while they measure.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def config(tiny_config: TrainConfig) -> TrainConfig:
    """Two sets that have figures and, between them, one with own labels."""
    emotion, irony = tiny_config.sets
    hate = SetConfig(name="tweeteval_hate", own_weight=1.0)
    return tiny_config.model_copy(update={"sets": (emotion, hate, irony)})


@pytest.fixture
def model(tiny_base: Path, tmp_path: Path) -> Path:
    """A model folder as a run leaves it, with only the eight outputs."""
    return opinionated(tiny_base, tmp_path / "model")


def test_a_models_figures_are_those_that_training_would_log(
    config: TrainConfig, model: Path, tiny_data: Path, tmp_path: Path
) -> None:
    trainer = make_trainer(config, str(model), tiny_data, tmp_path / "run")

    found = validation_figures(config, model, tiny_data)

    assert found == logged_figures(trainer.evaluate())
    assert {name.partition("/")[0] for name in found} == {"carer", "tweeteval_irony", "select"}


def test_measuring_a_model_reads_no_training_set(
    config: TrainConfig, model: Path, tiny_data: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(tiny_data, data)
    for path in data.rglob("train*"):
        path.unlink()

    found = validation_figures(config, model, data)

    assert found == validation_figures(config, model, tiny_data)


def test_a_set_without_a_figure_keeps_its_index_and_no_examples(
    config: TrainConfig, tiny_data: Path
) -> None:
    sets = validation_sets(config, tiny_data)

    assert [(one.source.name, len(one.examples)) for one in sets] == [
        ("carer", 24),
        ("tweeteval_hate", 0),
        ("tweeteval_irony", 8),
    ]
