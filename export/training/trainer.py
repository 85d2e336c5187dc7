"""The Hugging Face Trainer with this product's loss, sampling order and checkpoints.

Imports transformers, which reads whether to stay offline: call `locate_base` first.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from export.config import TrainConfig
from export.data import load_sets
from export.training.encode import EncodedSets, pad_batch, side_labels, side_spans
from export.training.loss import Objective, disagreement, mixed_loss
from export.training.machine import keep_freed_memory, multiplies_bf16
from export.training.run_folder import ELAPSED, elapsed_seconds
from export.training.sampler import MixtureSampler
from export.training.teacher import teacher_logits
from export.training.torch_models import load_model, load_tokenizer
from export.training.validation import score, validation_sets

SAVE_STEPS = 200
"""Steps between checkpoints within an epoch: the most that an interruption costs."""

_HEAD = 1_000


def make_trainer(
    config: TrainConfig, base: str, data: Path, run: Path, teacher: Path | None = None
) -> MixtureTrainer:
    """Return the trainer of the model folder `base` as `config` asks, writing below `run`.

    `teacher` is a model folder, run here over the sets with a `teacher_weight`. Raises
    ConfigError when `select_on` names no figure, and the errors of reading the data and the base.
    """
    tokenizer = load_tokenizer(base)
    set_seed(config.seed)  # before the head is made, not only before the first epoch
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
            teacher_logits(teacher, training, config.train_tokens, bf16=arguments.bf16)
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
            teacher_irony=config.teacher_irony,
            side_spans=side_spans(training),
        ),
        layer_decay=config.layer_decay,
    )


def training_arguments(config: TrainConfig, run: Path) -> TrainingArguments:
    """Return the settings of the Hugging Face Trainer; its files go below `run`."""
    return TrainingArguments(
        output_dir=str(run),
        use_cpu=not torch.cuda.is_available(),  # if not stated, bf16 is refused without a GPU
        logging_dir=str(run / "logs"),
        report_to=["tensorboard"],
        num_train_epochs=config.passes,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.schedule,
        warmup_ratio=config.warmup_share,
        weight_decay=config.weight_decay,
        optim="adamw_torch_fused",
        bf16=config.bf16 == "on" or (config.bf16 == "auto" and multiplies_bf16()),
        group_by_length=True,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=3,
        load_best_model_at_end=True,
        metric_for_best_model="eval_select",
        greater_is_better=True,
        restore_callback_states_from_checkpoint=config.patience is not None,  # early stopping
        label_names=["targets", "known", "origin"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        logging_steps=20,
        seed=config.seed,
    )


class MixtureTrainer(Trainer):
    """Trains on several sets at once, each only on the labels that it knows."""

    def __init__(
        self,
        *,
        objective: Objective,
        weights: Sequence[float] = (),
        layer_decay: float = 1.0,
        **given: Any,
    ) -> None:
        """Take Trainer's arguments, the loss settings, and the weights of the training sets.

        A layer's learning rate is `layer_decay` times that of the layer above it. For evaluation
        only, neither weights nor a decay are needed.
        """
        pad_id = given["processing_class"].pad_token_id
        super().__init__(data_collator=partial(pad_batch, pad_id=pad_id), **given)
        self._weights = tuple(weights)
        self._objective = objective
        self._layer_decay = layer_decay

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002 - Trainer passes it
    ) -> Any:
        """Return the mean loss of a batch, with the model's outputs when asked."""
        how = self._objective

        def logits() -> torch.Tensor:
            given = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            found: torch.Tensor = model(**given).logits
            return found

        first = logits()
        loss = mixed_loss(first, inputs, how)
        if how.r_drop and model.training:
            second = logits()
            loss = (loss + mixed_loss(second, inputs, how)) / 2
            apart = disagreement(first, second, inputs["known"], how.irony_weight)
            loss = loss + how.r_drop * apart
        return (loss, {"logits": first}) if return_outputs else loss

    def create_optimizer(self) -> torch.optim.Optimizer:
        """Return Trainer's optimiser, with a learning rate per layer."""
        optimizer: torch.optim.Optimizer = super().create_optimizer()  # type: ignore[no-untyped-call]
        if self._layer_decay < 1:
            assert self.model is not None  # noqa: S101 - the constructor got one
            decay_layers(optimizer, self.model, self.args.learning_rate, self._layer_decay)
        return optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> MixtureSampler:
        data = train_dataset or self.train_dataset
        assert isinstance(data, EncodedSets)  # noqa: S101 - the constructor got one
        return MixtureSampler(
            data, self._weights, self.args.per_device_train_batch_size, self.args.seed
        )


def decay_layers(
    optimizer: torch.optim.Optimizer, model: torch.nn.Module, rate: float, decay: float
) -> None:
    """Split the optimiser's groups by layer, each with its own learning rate.

    The head has `rate`, the last encoder layer `rate * decay`, and so on down to the
    embeddings (Howard & Ruder, ACL 2018).
    """
    names = {parameter: name for name, parameter in model.named_parameters()}
    layers = [_layer(name) for name in names.values()]
    depth = 1 + max((layer for layer in layers if layer != _HEAD), default=0)
    groups: dict[tuple[int, float], dict[str, Any]] = {}
    for group in optimizer.param_groups:
        rest = {key: value for key, value in group.items() if key not in ("params", "lr")}
        for parameter in group["params"]:
            below = depth - min(depth, _layer(names[parameter]))
            key = (below, group["weight_decay"])
            groups.setdefault(key, {**rest, "lr": rate * decay**below, "params": []})
            groups[key]["params"].append(parameter)
    optimizer.param_groups.clear()
    for group in groups.values():
        optimizer.add_param_group(group)


def freeze_layers(model: torch.nn.Module, count: int) -> None:
    """Exclude the embeddings and the lowest `count` layers from training."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(_layer(name) > count)


def _layer(name: str) -> int:
    """Return the height of a parameter: 0 embeddings, 1 the first layer, `_HEAD` the head."""
    if ".embeddings." in name:
        return 0
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found[1]) + 1 if found else _HEAD


class CheckpointClock(TrainerCallback):
    """Saves a checkpoint every so many steps, and with each the seconds trained so far."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._since = time.monotonic()
        self._before = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        """Continue the clock of an interrupted run."""
        self._before = elapsed_seconds(Path(str(args.output_dir))) if state.global_step else 0.0
        self._since = time.monotonic()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer passes it
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """Request a checkpoint where one is due."""
        if state.global_step % self._every == 0:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Save the seconds trained so far."""
        seconds = self._before + time.monotonic() - self._since
        path = Path(str(args.output_dir)) / ELAPSED
        path.write_text(json.dumps({"step": state.global_step, "seconds": round(seconds, 1)}))
