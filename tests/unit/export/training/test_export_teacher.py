"""A teacher: a training run whose logits on texts are computed once and learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import export.training.teacher
from export.config import SetConfig, TrainConfig
from export.data import load_sets
from export.errors import BaseModelError
from export.labels import LABELS
from export.packaging.manifest_tables import training_stages
from export.train import train
from export.training.examples import Example
from export.training.loss import Objective, teacher_distance
from export.training.run_folder import run_summary
from export.training.teacher import teacher_logits
from export.training.torch_models import load_model, load_tokenizer
from export.training.trainer import make_trainer
from serving.classifier.preprocess import normalise
from tests.support.export.models import opinionated

# torch and transformers warn of their own coming changes while they train.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def student(tiny_config: TrainConfig) -> TrainConfig:
    """A run that learns the labels of one set, and a teacher's logits on another."""
    teacher = tiny_config.model_copy(update={"name": "teacher"})
    sets = (SetConfig(name="carer"), SetConfig(name="tweeteval_hate", teacher_weight=2.0))
    return tiny_config.model_copy(
        update={
            "name": "student",
            "teacher": teacher,
            "sets": sets,
            "select_on": ("carer/accuracy",),
        }
    )


@pytest.fixture(scope="module")
def run(student: TrainConfig, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of the student; the teacher's folder is next to it."""
    folder = tmp_path_factory.mktemp("runs") / "student"
    train(student, tiny_data, folder)
    return folder


def test_the_teacher_is_trained_first_and_its_logits_are_cached(run: Path) -> None:
    assert (run.parent / "teacher" / "run.json").is_file()
    assert len(list((run.parent / "teacher").glob("said-*.npy"))) == 1
    assert "carer/accuracy" in run_summary(run)["figures"]


def test_the_teachers_run_is_a_stage_before_the_students(
    student: TrainConfig, run: Path, tiny_data: Path
) -> None:
    stages = training_stages(student, tiny_data, run)

    assert [stage.config.name for stage in stages] == ["teacher", "student"]
    assert student.encoder == student.base


def test_its_logits_of_a_text_are_those_of_the_text_alone(
    student: TrainConfig, run: Path, tiny_data: Path
) -> None:
    folder = run.parent / "teacher" / "model"
    sets = load_sets(student, tiny_data, "train")

    said = teacher_logits(folder, sets, student.train_tokens, bf16=False)

    assert set(said) == {"tweeteval_hate"}
    model, tokenizer = load_model(str(folder)).eval(), load_tokenizer(str(folder))
    for example, found in zip(sets[1].examples, said["tweeteval_hate"], strict=True):
        ids = torch.tensor([tokenizer(normalise(example.text))["input_ids"]])
        with torch.inference_mode():
            alone = model(ids).logits.numpy()[0]
        np.testing.assert_allclose(found, alone, atol=1e-5)
    assert found.shape == (len(LABELS),)


def test_cached_logits_are_used_and_computed_again_only_for_other_texts(
    student: TrainConfig, run: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run.parent / "teacher" / "model"
    sets = load_sets(student, tiny_data, "train")
    monkeypatch.delattr(export.training.teacher, "_compute")

    teacher_logits(folder, sets, student.train_tokens, bf16=False)

    other = replace(sets[1], examples=(Example("another day"),))
    with pytest.raises(NameError):
        teacher_logits(folder, [other], student.train_tokens, bf16=False)


def test_the_student_learns_the_logits_of_its_teacher(
    student: TrainConfig, tiny_base: Path, tiny_data: Path, tmp_path: Path
) -> None:
    teacher = opinionated(tiny_base, tmp_path / "teacher" / "model")
    sets = (student.sets[0], SetConfig(name="tweeteval_hate", weight=20, teacher_weight=10.0))
    config = student.model_copy(update={"sets": sets})
    texts = [normalise(one.text) for one in load_sets(config, tiny_data, "train")[1].examples]
    asked = export.training.teacher._compute(teacher, texts, 32, bf16=False)

    trainer = make_trainer(config, str(tiny_base), tiny_data, tmp_path / "run", teacher)

    def distance() -> float:
        folder = tmp_path / "now"
        trainer.save_model(str(folder))
        said = export.training.teacher._compute(folder, texts, 32, bf16=False)
        return teacher_distance(*map(torch.from_numpy, (said, asked)), Objective()).mean().item()

    before = distance()
    trainer.train()
    assert distance() < 0.6 * before


def test_an_encoder_that_cannot_be_served_is_refused_unless_it_is_a_teacher(
    tmp_path: Path, tiny_base: Path
) -> None:
    from transformers import MPNetConfig, MPNetModel

    load_tokenizer(str(tiny_base)).save_pretrained(tmp_path)
    MPNetModel(
        MPNetConfig(
            vocab_size=60,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        )
    ).save_pretrained(tmp_path)

    with pytest.raises(BaseModelError, match="is a mpnet model; a BERT one is needed"):
        load_model(str(tmp_path))
    model = load_model(str(tmp_path), side=("a", "b"), architecture="any")
    assert model(torch.tensor([[2, 3]])).logits.shape == (1, 10)
