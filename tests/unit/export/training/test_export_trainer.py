"""What the trainer adds to Hugging Face's: R-Drop, and learning rates per layer."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from export.config import TrainConfig
from export.labels import EMOTIONS
from export.training.encode import target_row
from export.training.examples import Example
from export.training.loss import Objective, disagreement, mixed_loss
from export.training.torch_models import load_model
from export.training.trainer import MixtureTrainer, decay_layers, freeze_layers, training_arguments

ANSWERS = torch.tensor([[[0.0, 1, 2, 0, 0, 0, 0, 1]], [[2.0, 0, 0, 0, 0, 0, 1, -1]]])


class TwoMinded(torch.nn.Module):
    """A model with other logits at every call, as with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: Iterator[torch.Tensor] = iter(ANSWERS)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=next(self.answers))


def inputs() -> dict[str, torch.Tensor]:
    targets, known = target_row(Example("", ("joy",), EMOTIONS, irony=True))
    return {
        "input_ids": torch.tensor([[2, 3]]),
        "attention_mask": torch.tensor([[1, 1]]),
        "targets": torch.tensor([targets]),
        "known": torch.tensor([known]),
        "any_of": torch.tensor([False]),
        "teacher_logits": torch.zeros(1, 8),
        "teacher_weight": torch.zeros(1),
    }


def loss_of(model: torch.nn.Module, how: Objective) -> float:
    trainer = MixtureTrainer.__new__(MixtureTrainer)  # without a model folder and its files
    trainer._objective = how
    return float(trainer.compute_loss(model, inputs()))


def test_r_drop_adds_the_disagreement_to_the_mean_loss_of_two_masks() -> None:
    how = Objective(irony_weight=0.5, r_drop=3.0)

    found = loss_of(TwoMinded().train(), how)

    batch = inputs()
    first, second = (mixed_loss(answer, batch, how).item() for answer in ANSWERS)
    apart = disagreement(ANSWERS[0], ANSWERS[1], batch["known"], 0.5).item()
    assert apart > 0
    assert found == pytest.approx((first + second) / 2 + 3.0 * apart)


@pytest.mark.parametrize(("training", "r_drop"), [(False, 0.0), (False, 3.0), (True, 0.0)])
def test_without_r_drop_or_in_validation_a_batch_is_run_once(training: bool, r_drop: float) -> None:
    how = Objective(r_drop=r_drop)

    found = loss_of(TwoMinded().train(training), how)

    assert found == pytest.approx(mixed_loss(ANSWERS[0], inputs(), how).item())


@pytest.fixture
def model(tiny_base: Path) -> torch.nn.Module:
    return load_model(str(tiny_base))


def optimizer_of(model: torch.nn.Module) -> torch.optim.AdamW:
    parts: dict[float, list[torch.nn.Parameter]] = {0.01: [], 0.0: []}
    for name, parameter in model.named_parameters():
        parts[0.0 if name.endswith("bias") else 0.01].append(parameter)
    groups = [{"params": group, "weight_decay": decay} for decay, group in parts.items()]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.8, 0.9))


def settings(
    optimizer: torch.optim.Optimizer, model: torch.nn.Module, key: str
) -> dict[str, float]:
    """Return a setting of the optimiser by the name of the parameter; each is there once."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    found = [
        (names[one], group[key]) for group in optimizer.param_groups for one in group["params"]
    ]
    assert sorted(name for name, _ in found) == sorted(names.values())
    return dict(found)


@pytest.mark.parametrize(
    ("part", "rate"),
    [
        ("classifier.", 8e-4),
        ("bert.pooler.", 8e-4),
        ("bert.encoder.layer.1.", 4e-4),
        ("bert.encoder.layer.0.", 2e-4),
        ("bert.embeddings.", 1e-4),
    ],
)
def test_a_layer_has_a_share_of_the_learning_rate_of_the_one_above(
    model: torch.nn.Module, part: str, rate: float
) -> None:
    optimizer = optimizer_of(model)

    decay_layers(optimizer, model, 8e-4, 0.5)

    rates = settings(optimizer, model, "lr")
    assert [rates[name] for name in rates if name.startswith(part)] == pytest.approx(
        [rate] * sum(name.startswith(part) for name in rates)
    )
    assert any(name.startswith(part) for name in rates)


def test_layers_keep_their_weight_decay_and_other_settings(model: torch.nn.Module) -> None:
    optimizer = optimizer_of(model)
    before = settings(optimizer, model, "weight_decay")

    decay_layers(optimizer, model, 8e-4, 0.5)

    assert settings(optimizer, model, "weight_decay") == before
    assert set(before.values()) == {0.0, 0.01}
    assert {group["betas"] for group in optimizer.param_groups} == {(0.8, 0.9)}


def test_frozen_layers_are_the_embeddings_and_those_above_them(model: torch.nn.Module) -> None:
    freeze_layers(model, 1)

    learning = {name for name, one in model.named_parameters() if one.requires_grad}
    assert {name.split(".")[3] for name in learning if ".layer." in name} == {"1"}
    assert not [name for name in learning if ".embeddings." in name]
    assert "classifier.weight" in learning


def test_a_run_in_bfloat16_needs_no_gpu(tiny_config: TrainConfig, tmp_path: Path) -> None:
    arguments = training_arguments(tiny_config.model_copy(update={"bf16": "on"}), tmp_path)

    assert arguments.bf16
