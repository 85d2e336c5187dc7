"""Put together what trains: model, sets, teacher's word and objective, in one trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from export.config import TrainConfig
from export.data import load_sets
from export.training.machine import keep_freed_memory
from export.training.torch_models import load_model, load_tokenizer, locate_base
from export.training.training_arguments import training_arguments
from export.training.validation import score, validation_sets

if TYPE_CHECKING:
    from export.training.trainer import MixtureTrainer

SAVE_STEPS = 200
"""Steps between checkpoints inside a pass: what an interruption can cost."""


def make_trainer(
    config: TrainConfig, start: str, data: Path, run: Path, teacher: Path | None = None
) -> MixtureTrainer:
    """Return what trains and measures the model `start` as `config` says, in the folder `run`.

    `teacher` is a model folder, asked here about the sets with a `teacher_weight`. Raises
    ConfigError when `select_on` names no figure, and what reading the data and the base raise.
    """
    base = locate_base(start)  # first: what is imported next reads whether to stay offline
    from transformers import EarlyStoppingCallback, set_seed

    from export.training.encode import EncodedSets, side_labels, side_spans
    from export.training.loss import Objective
    from export.training.teacher import ask_teacher
    from export.training.trainer import CheckpointClock, MixtureTrainer, freeze_layers

    tokenizer = load_tokenizer(base)
    set_seed(config.seed)  # before the head is made, not only before the first pass
    training = load_sets(config, data, "train")
    side = [label for labels in side_labels(training) for label in labels]
    model = load_model(base, config.dropout, config.attention_dropout, side, config.architecture)
    measured = validation_sets(config, data)
    if config.freeze_layers:
        freeze_layers(model, config.freeze_layers)
    keep_freed_memory()
    arguments = training_arguments(config, run)
    clock = CheckpointClock(SAVE_STEPS)
    return MixtureTrainer(
        model=model,
        args=arguments,
        train_dataset=EncodedSets(
            training,
            tokenizer,
            config.train_tokens,
            config.sincere_weight,
            config.class_balance,
            config.typo_share,
            ask_teacher(teacher, training, config.train_tokens, bf16=arguments.bf16)
            if teacher
            else None,
        ),
        eval_dataset=EncodedSets(measured, tokenizer, config.train_tokens),
        processing_class=tokenizer,
        compute_metrics=lambda prediction: score(prediction, measured, config),
        callbacks=[EarlyStoppingCallback(config.patience), clock] if config.patience else [clock],
        weights=[loaded.chosen.weight for loaded in training],
        objective=Objective(
            irony_weight=config.irony_weight,
            label_smoothing=config.label_smoothing,
            focal_gamma=config.focal_gamma,
            r_drop=config.r_drop,
            teacher_temperature=config.teacher_temperature,
            side_spans=side_spans(training),
        ),
        layer_decay=config.layer_decay,
    )
