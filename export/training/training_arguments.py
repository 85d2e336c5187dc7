"""What a configuration tells the Hugging Face Trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from export.config import TrainConfig
from export.training.machine import multiplies_bf16

if TYPE_CHECKING:
    from transformers import TrainingArguments


def training_arguments(config: TrainConfig, run: Path) -> TrainingArguments:
    """Return what the Hugging Face Trainer is told; its files go below `run`."""
    import torch
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(run),
        use_cpu=not torch.cuda.is_available(),  # unsaid, bf16 is refused without a GPU
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
        restore_callback_states_from_checkpoint=config.patience is not None,  # what was waited
        label_names=["targets", "known", "origin"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        logging_steps=20,
        seed=config.seed,
    )
