"""The Hugging Face Trainer with this product's loss, sampling order and checkpoints."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from export.encode import EncodedSets, MixtureSampler, pad_batch
from export.loss import mixed_loss

ELAPSED = "elapsed.json"


class MixtureTrainer(Trainer):
    """Learns several sets at once, each only what it knows."""

    def __init__(
        self, *, weights: Sequence[float], irony_weight: float, save_steps: int, **given: Any
    ) -> None:
        """Take what Trainer takes, the sets' weights, and steps between checkpoints."""
        pad_id = given["processing_class"].pad_token_id
        super().__init__(data_collator=partial(pad_batch, pad_id=pad_id), **given)
        self._weights = tuple(weights)
        self._irony_weight = irony_weight
        self.add_callback(CheckpointClock(save_steps))  # type: ignore[no-untyped-call]

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002 - Trainer passes it
    ) -> Any:
        """Return the mean loss of a batch, with the model's outputs when asked."""
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = mixed_loss(outputs.logits, inputs["targets"], inputs["known"], self._irony_weight)
        return (loss, {"logits": outputs.logits}) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> MixtureSampler:
        """Return the order of visits; Trainer's own knows no mixture."""
        data = train_dataset or self.train_dataset
        assert isinstance(data, EncodedSets)  # noqa: S101 - what the constructor was given
        return MixtureSampler(
            data, self._weights, self.args.per_device_train_batch_size, self.args.seed
        )


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


def elapsed_seconds(run: Path) -> float:
    """Return the seconds of training up to the last checkpoint of `run`; 0 without one."""
    try:
        return float(json.loads((run / ELAPSED).read_text())["seconds"])
    except (OSError, ValueError, KeyError):
        return 0.0
