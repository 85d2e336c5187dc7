"""The Hugging Face Trainer with this product's loss, sampling order and checkpoints."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from export.training.encode import EncodedSets, MixtureSampler, pad_batch
from export.training.loss import Objective, disagreement, mixed_loss
from export.training.run_folder import ELAPSED, elapsed_seconds

_HEAD = 1_000


class MixtureTrainer(Trainer):
    """Learns several sets at once, each only what it knows."""

    def __init__(
        self,
        *,
        objective: Objective,
        weights: Sequence[float] = (),
        layer_decay: float = 1.0,
        **given: Any,
    ) -> None:
        """Take what Trainer takes, what is learned, and the training sets' weights.

        A layer's learning rate is `layer_decay` times that of the layer above it. One that
        only evaluates needs neither weights nor a decay.
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
        """Return Trainer's optimiser, with learning rates that fall from layer to layer."""
        optimizer: torch.optim.Optimizer = super().create_optimizer()  # type: ignore[no-untyped-call]
        if self._layer_decay < 1:
            assert self.model is not None  # noqa: S101 - the constructor was given one
            decay_layers(optimizer, self.model, self.args.learning_rate, self._layer_decay)
        return optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> MixtureSampler:
        """Return the order of visits; Trainer's own knows no mixture."""
        data = train_dataset or self.train_dataset
        assert isinstance(data, EncodedSets)  # noqa: S101 - what the constructor was given
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
    """Leave the embeddings and the lowest `count` layers as they are."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(_layer(name) > count)


def _layer(name: str) -> int:
    """Return the height of a parameter: 0 embeddings, 1 the first layer, `_HEAD` the head."""
    if ".embeddings." in name:
        return 0
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found[1]) + 1 if found else _HEAD


class CheckpointClock(TrainerCallback):
    """Asks for a checkpoint every so many steps and keeps the seconds trained so far."""

    def __init__(self, every: int) -> None:
        """Ask for a checkpoint every `every` steps, beside those at each pass's end."""
        self._every = every
        self._since = time.monotonic()
        self._before = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        """Take up the clock where the last run left it."""
        self._before = elapsed_seconds(Path(str(args.output_dir))) if state.global_step else 0.0
        self._since = time.monotonic()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer passes it
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """Ask for a checkpoint."""
        if state.global_step % self._every == 0:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Write down the seconds trained so far."""
        seconds = self._before + time.monotonic() - self._since
        path = Path(str(args.output_dir)) / ELAPSED
        path.write_text(json.dumps({"step": state.global_step, "seconds": round(seconds, 1)}))
